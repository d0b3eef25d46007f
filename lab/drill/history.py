"""Which writes are in the history of the items, by the journal: the drill's own reading of it."""

from __future__ import annotations

from collections.abc import Mapping
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


def text_of(rows: Iterable[Mapping[str, Any]], item_id: str) -> str | None:
    """Return what an item says; None where there is none."""
    found = (r for r in rows if r["pk"]["S"].startswith(ITEMS) and r["sk"]["S"] == item_id)
    return next((str(row["text"]["S"]) for row in found), None)


def _before(entry: Mapping[str, Any] | None) -> str | None:
    old = entry["old"].get("M") if entry else None
    return str(old["write_id"]["S"]) if old else None
