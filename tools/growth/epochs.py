"""Reconciling, which every failback does: all epochs before the drain, the last ones in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from pilot_light_client import timestamps, ulid
from pilot_light_client.control_item import ControlItem
from pilot_light_client.journal import MARK, Ref, mark_of, plan, transaction
from pilotlight.journal.items import AppItems
from pilotlight.journal.links import JournalLinks
from pilotlight.ledger.compared import Compared
from pilotlight.ledger.promotions import Promotions
from pilotlight.ledger.reconciliation import Reconciliation
from pilotlight.ledger.table import LedgerTable
from pilotlight.recoveries import schema
from pilotlight.shared.app_tables import AppTables

from tools.growth.engine import Region, Table
from tools.growth.ledgers import LEDGER, ledger
from tools.growth.waiting import Clock, client, side_by_side
from tools.reader.template import load

PAIR = ("us-west-2", "us-east-2")
JOURNAL, ITEMS, RECOVERIES = "journal", "items", "recoveries"
# Entries of an epoch, evenly over its hours. In a hundred epochs none has expired.
ENTRIES = 240
LASTS = timedelta(hours=6)
# Seconds that one call of the function compares, before the drain: its minute, less one piece.
CALL_SECONDS = 45.0


@dataclass(frozen=True)
class Pass:
    """One pass over the journals of epochs that are over."""

    epochs: int
    compared: int
    requests: int
    rows: int
    seconds: float

    @property
    def calls(self) -> int:
        """How many calls of the function it takes before the drain."""
        return ceil(self.seconds / CALL_SECONDS)


def passes(epochs: int) -> tuple[Pass, Pass]:
    """Reconcile from the first epoch on, and again as a failback does within its drain."""
    stack = load("secondary")
    function = {**stack.function_defaults, **stack.properties("LedgerFunction")}
    clock = Clock(0, float(function["MemorySize"]))
    with clock.aside():
        regions = _regions(epochs)
    clients = {r: client(regions[r], clock, far=r != PAIR[1]) for r in PAIR}
    with side_by_side(clock, "pilotlight.ledger.reconciliation"):
        first = _pass(epochs, regions, clients, clock, from_start=True)
        return first, _pass(epochs, regions, clients, clock, from_start=False)


def _pass(
    epochs: int,
    regions: dict[str, Region],
    clients: dict[str, Any],
    clock: Clock,
    *,
    from_start: bool,
) -> Pass:
    for region in regions.values():
        region.read.clear()
    own = clients[PAIR[1]]
    begun = clock.seconds
    reconciliation = Reconciliation(
        ControlItem(2, _active(epochs + 1), epochs + 1, "serving", changed_at="-"),
        {r: JournalLinks(each, JOURNAL, r) for r, each in clients.items()},
        PAIR[1],
        AppItems(own, AppTables.parse([f"{ITEMS}:id"])),
        Promotions(own, RECOVERIES),
        LedgerTable(own, LEDGER),
        Compared(own, RECOVERIES, regions),
    )
    done = reconciliation.run(lambda: True, from_start=from_start)
    return Pass(
        epochs=epochs,
        compared=done.writes,
        requests=int(sum(r.total("requests") for r in regions.values())),
        rows=int(sum(r.total("rows") for r in regions.values())),
        seconds=clock.seconds - begun,
    )


def _active(epoch: int) -> str:
    return PAIR[(epoch - 1) % 2]


def _regions(epochs: int) -> dict[str, Region]:
    """Return both Regions after moves to and fro, one a day, of which each is on record."""
    journal, items, recoveries = Table("pk", "sk"), Table("id"), Table("pk")
    start = datetime.now(UTC) - (epochs + 1) * LASTS
    for epoch in range(1, epochs + 1):
        since = start + (epoch - 1) * LASTS
        for number in range(ENTRIES):
            _write(epoch, since + number * LASTS / ENTRIES, journal, items)
        record = {"timeline": {"promoted_at": timestamps.text(since + LASTS)}}
        record["rpo_estimate"] = {"seconds": 1}  # type: ignore[dict-item]
        recoveries.put(
            {
                **schema.key(schema.RECOVERY, epoch + 1),
                **{name: {"S": json.dumps(value)} for name, value in record.items()},
            }
        )
    replicas = {JOURNAL: journal, ITEMS: items}
    of_ledger, _ = ledger(0, 0)
    own = {**replicas, RECOVERIES: recoveries, LEDGER: of_ledger.tables[LEDGER]}
    # The cursor stands beside the ledger's entries.
    return {PAIR[0]: Region(dict(replicas)), PAIR[1]: Region(own)}


def _write(epoch: int, moment: datetime, journal: Table, items: Table) -> None:
    write_id = ulid.new(moment.timestamp())
    ref = Ref.of(ITEMS, {"id": {"S": write_id}})
    write = plan(
        ref,
        {"text": {"S": "x" * 500}},
        None,
        region=_active(epoch),
        epoch=epoch,
        write_id=write_id,
        at=timestamps.text(moment),
    )
    journal.put(transaction(write, JOURNAL, None)[1]["Put"]["Item"])
    items.put({**write.new.image, **ref.attributes, MARK: {"M": mark_of(write.new)}})
