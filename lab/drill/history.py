"""What a Region holds of writes, items and journal together: the drill's own reading of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.drill.checks import Result
    from lab.drill.observations import Write

# The partitions of journal entries, and the attribute of an item that names its write.
JOURNAL, MARK = "J#", "pilot_light"


@dataclass(frozen=True)
class Fate:
    """What became of the writes that were acknowledged: how many are where."""

    acknowledged: int
    present: int
    ledger: int
    lost: int


def fate(
    writes: Iterable[Write], written: frozenset[str] | None, ledger: Iterable[Mapping[str, Any]]
) -> Fate | None:
    """Count the writes that are in the items' history, in the ledger, and in neither.

    A write may be in both: one that came late and that nobody had overwritten meanwhile. It counts
    as one of the ledger, because it was not there when the Secondary was promoted. None where the
    history was not read.
    """
    if written is None:
        return None
    acknowledged = {w.write_id for w in writes}
    named = acknowledged & {entry["write_id"] for entry in ledger}
    present = (acknowledged & written) - named
    lost = len(acknowledged - present - named)
    return Fate(len(acknowledged), len(present), len(named), lost)


def none_is_lost(counts: Fate | None) -> Result:
    """Require that there are acknowledged writes, and that each is present or in the ledger."""
    if counts is None:
        return False, "The items at the end were not read."
    return (
        counts.acknowledged > 0 and counts.lost == 0,
        f"Of {counts.acknowledged} acknowledged writes {counts.present} are present, "
        f"{counts.ledger} are in the ledger, and {counts.lost} are lost.",
    )


def written(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the ids of all writes that a Region's items rest on.

    An item names the write that made it, the journal's entry of that write names the one before.
    What no item leads back to was overwritten without having been read.

    Parameters
    ----------
    rows
        All items and journal entries of a Region, as DynamoDB returns them, types included.
    """
    entries, heads = dict[str, Mapping[str, Any]](), list[str]()
    for row in rows:
        if row["pk"]["S"].startswith(JOURNAL):
            entries[row["sk"]["S"]] = row
        elif MARK in row:
            heads.append(_mark(row)["write_id"]["S"])
    write_ids = set[str]()
    for head in heads:
        at: str | None = head
        while at is not None and at not in write_ids:
            write_ids.add(at)
            at = _before(entries.get(at))
    return frozenset(write_ids)


def arrived(rows: Iterable[Mapping[str, Any]], region: str, epoch: int) -> dict[str, float]:
    """Return the writes of a Region's epoch that have arrived, with their times.

    An item and its journal entry are one transaction in their own Region only: elsewhere they
    arrive apart, and a write is there when both are.
    """
    rows = list(rows)
    items = {row["sk"]["S"]: row for row in rows if MARK in row}
    entries = _entries(rows, region, epoch)
    return {
        key: _written_at(entry)
        for key, entry in entries.items()
        if _holds(items.get(entry["key"]["M"]["sk"]["S"]), entry)
    }


def journal(rows: Iterable[Mapping[str, Any]], region: str, epoch: int) -> dict[str, float]:
    """Return the writes of a Region's epoch by the journal's entries alone, with their times."""
    return {key: _written_at(entry) for key, entry in _entries(rows, region, epoch).items()}


def _entries(
    rows: Iterable[Mapping[str, Any]], region: str, epoch: int
) -> dict[str, Mapping[str, Any]]:
    prefix = f"{JOURNAL}{region}#{epoch}#"
    return {row["sk"]["S"]: row for row in rows if row["pk"]["S"].startswith(prefix)}


def _written_at(entry: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(entry["at"]["S"]).timestamp()


def _holds(item: Mapping[str, Any] | None, entry: Mapping[str, Any]) -> bool:
    if item is None:
        return False
    mark = _mark(item)
    newer = int(mark["version"]["N"]) > int(entry["version"]["N"])
    return newer or mark["write_id"] == entry["sk"]


def item_ids(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the ids of all items that a Region holds."""
    return frozenset(row["sk"]["S"] for row in rows if MARK in row)


def text_of(rows: Iterable[Mapping[str, Any]], item_id: str) -> str | None:
    """Return an item's text; None where there is none."""
    items = (r for r in rows if MARK in r and r["sk"]["S"] == item_id and "text" in r)
    return next((str(row["text"]["S"]) for row in items), None)


def _before(entry: Mapping[str, Any] | None) -> str | None:
    previous = entry["previous"].get("M") if entry else None
    return str(previous["write_id"]["S"]) if previous else None


def _mark(item: Mapping[str, Any]) -> Mapping[str, Any]:
    mark: Mapping[str, Any] = item[MARK]["M"]
    return mark
