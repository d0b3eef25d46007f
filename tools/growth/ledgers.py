"""The ledger, of whose entries a person has resolved most: what each reading reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilot_light_client.journal import Ref, plan
from pilot_light_client.ulid_format import at as ulid_at
from pilotlight.journal.history import History
from pilotlight.ledger.entry import SHARDS, LedgerEntry, key, stored
from pilotlight.ledger.table import DIGITS, OPEN, TO_COME, LedgerTable

from tools.growth.engine import Index, Region, Table
from tools.growth.waiting import Clock, client
from tools.reader.template import load

if TYPE_CHECKING:
    from collections.abc import Callable

LEDGER, START_MS = "ledger", 1_800_000_000_000
# What a page of the list shows, and one more that tells whether there are others.
PAGE = 21
BY_ID = 100


@dataclass(frozen=True)
class Reading:
    """One reading of a ledger: of how many rows the answer is, and what was read for it."""

    entries: int
    still_open: int
    name: str
    answer: int
    rows: int
    requests: int
    seconds: float

    @property
    def within_twice(self) -> bool:
        """Whether no more than twice the rows were read that the answer is of."""
        return self.rows <= 2 * self.answer


def ledger(entries: int, still_open: int) -> tuple[Region, list[str]]:
    """Return a ledger with late and lost entries, and the ids of those still open, the newest."""
    declared = load("secondary").nested["Data"].properties("LedgerTable")
    indexes = {
        index["IndexName"]: Index(
            index["KeySchema"][1]["AttributeName"],
            tuple(index["Projection"].get("NonKeyAttributes", ())),
        )
        for index in declared.get("LocalSecondaryIndexes", [])
    }
    table, ids = Table("pk", "sk", **indexes), list[str]()
    for number in range(entries):
        write_id = ulid_at(START_MS + number, number.to_bytes(10, "big"))
        is_open = number >= entries - still_open
        table.put({**_row(write_id), **({OPEN: {"S": write_id}} if is_open else {})})
        ids += [write_id] if is_open else []
    return Region({LEDGER: table}), ids


def _row(write_id: str) -> dict[str, dict[str, object]]:
    """Return a row as `LedgerTable.put` leaves it, without what only an open one has."""
    write = plan(
        Ref.of("items", {"id": {"S": write_id}}),
        {"text": {"S": "x" * 100}},
        None,
        region="us-west-2",
        epoch=1,
        write_id=write_id,
        at="2027-01-15T08:00:00.000Z",
    )
    found = LedgerEntry(write, True, History("lost", "-"), write.new, 2, "-", "reconcile")
    return {
        **key(write_id),
        **stored(found),
        "status": {"S": "open"},
        "late": {"BOOL": True},
        "found_at": {"S": "-"},
        "found_by": {"S": "reconcile"},
        "active_epoch": {"N": "2"},
        TO_COME: {"S": f"{1:0{DIGITS}}#{write_id}"},
    }


def readings(entries: int, still_open: int) -> list[Reading]:
    """Take each reading of the product once."""
    region, ids = ledger(entries, still_open)
    clock = Clock(START_MS)
    table = LedgerTable(client(region, clock), LEDGER)
    by_id = min(BY_ID, still_open)
    wanted: list[tuple[str, int, Callable[[], object]]] = [
        ("open ones, counted by kind", still_open, table.open_kinds),
        ("open ones, to be judged again", still_open, lambda: _judged(table)),
        ("first epoch to come, of each shard", SHARDS, lambda: _to_come(table)),
        ("a page of the list", min(PAGE, entries), lambda: table.entries(limit=PAGE)),
        (f"{by_id} by id", by_id, lambda: table.find(ids[:by_id])),
    ]
    found = []
    for name, answer, read in wanted:
        region.read.clear()
        begun = clock.seconds
        read()
        found.append(
            Reading(
                entries=entries,
                still_open=still_open,
                name=name,
                answer=answer,
                rows=int(region.total("rows")),
                requests=int(region.total("requests")),
                seconds=clock.seconds - begun,
            )
        )
    return found


def _judged(table: LedgerTable) -> None:
    for shard in range(SHARDS):
        after: str | None = None
        while after != "":
            _, after = table.page(shard, after or "")


def _to_come(table: LedgerTable) -> None:
    for shard in range(SHARDS):
        table.first_to_come(shard)
