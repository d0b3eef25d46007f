"""What a Region holds of writes, items and journal together: the drill's own reading of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

ITEMS, JOURNAL = "I#", "J#"


def written(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the ids of all writes that a Region's items rest on.

    An item names the write that made it, the journal's entry of that write names the one before.
    What no item leads back to was overwritten without having been read.

    Parameters
    ----------
    rows
        The whole items table of a Region, as DynamoDB returns it, attribute types included.
    """
    entries, heads = dict[str, Mapping[str, Any]](), list[str]()
    for row in rows:
        if row["pk"]["S"].startswith(JOURNAL):
            entries[row["sk"]["S"]] = row
        elif row["pk"]["S"].startswith(ITEMS):
            heads.append(row["write_id"]["S"])
    found = set[str]()
    for head in heads:
        at: str | None = head
        while at is not None and at not in found:
            found.add(at)
            at = _before(entries.get(at))
    return frozenset(found)


def arrived(rows: Iterable[Mapping[str, Any]], region: str, epoch: int) -> dict[str, float]:
    """Return the writes of a Region's epoch that have arrived, with their times.

    An item and its journal entry are one transaction in their own Region only: elsewhere they
    arrive apart, and a write is there when both are.
    """
    entries, items = list[Mapping[str, Any]](), dict[str, Mapping[str, Any]]()
    for row in rows:
        if row["pk"]["S"].startswith(f"{JOURNAL}{region}#{epoch}#"):
            entries.append(row)
        elif row["pk"]["S"].startswith(ITEMS):
            items[row["sk"]["S"]] = row
    return {
        entry["sk"]["S"]: datetime.fromisoformat(entry["at"]["S"]).timestamp()
        for entry in entries
        if _holds(items.get(entry["item_id"]["S"]), entry)
    }


def _holds(item: Mapping[str, Any] | None, entry: Mapping[str, Any]) -> bool:
    if item is None:
        return False
    newer = int(item["version"]["N"]) > int(entry["version"]["N"])
    return newer or item["write_id"] == entry["sk"]


def text_of(rows: Iterable[Mapping[str, Any]], item_id: str) -> str | None:
    """Return what an item says; None where there is none."""
    found = (r for r in rows if r["pk"]["S"].startswith(ITEMS) and r["sk"]["S"] == item_id)
    return next((str(row["text"]["S"]) for row in found), None)


def _before(entry: Mapping[str, Any] | None) -> str | None:
    old = entry["old"].get("M") if entry else None
    return str(old["write_id"]["S"]) if old else None
