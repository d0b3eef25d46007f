"""The history of an item: whether a write is in it, told by the links of the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.items.writes import Item, Write

    # From a version of an item to the journal entry that made it, or None where it is not found.
    Link = Callable[[Item], Write | None]

Verdict = Literal["kept", "lost", "pending", "unknown"]
# A walk that is longer ends as unknown: it may not take the time of all others.
LONGEST_WALK = 1000


@dataclass(frozen=True)
class History:
    """What became of a write.

    kept
        The item is this write, or was made over it.
    lost
        The item was made without it: a newer write of the other Region won.
    pending
        The item has not come as far as this write, which is made over it.
    unknown
        A link is missing from the journal, so that nobody can tell.
    """

    verdict: Verdict
    detail: str


def judge(asked: Item, current: Item | None, link: Link) -> History:
    """Say whether a write is in the history of its item.

    The chain of the younger one is followed back to the version of the older one. There the two are
    the same write, or parted before it.

    Parameters
    ----------
    asked
        The item as the write made it.
    current
        The item as it is now, tombstones included, or None where there is none.
    """
    if current is None:
        return History("pending", "The item is not here.")
    ahead = asked.version > current.version
    younger, older = (asked, current) if ahead else (current, asked)
    for _ in range(LONGEST_WALK + 1):
        if younger.version <= older.version:
            break
        entry = link(younger)
        if entry is None:
            missing = f"{younger.region}, epoch {younger.epoch}, {younger.write_id}"
            return History("unknown", f"The journal has no entry of {missing}.")
        if entry.old is None:
            break
        younger = entry.old
    else:
        return History("unknown", f"More than {LONGEST_WALK} writes lie between.")
    now = f"The item is version {current.version}, written in {current.region}"
    if younger.write_id != older.write_id:
        return History("lost", f"{now}, and was made without version {asked.version} of this.")
    return History("pending", f"{now}: it has yet to arrive.") if ahead else History("kept", now)


def overwritten(last: Item | None, current: Item | None, link: Link) -> list[Write]:
    """Return the writes that went with a version of an item, that one first.

    From what was overwritten back to what the item's history holds. Where a link is missing the
    list ends: what is not known to be lost is not called lost.
    """
    found: list[Write] = []
    while last is not None and len(found) < LONGEST_WALK:
        entry = link(last)
        if entry is None or judge(last, current, link).verdict != "lost":
            break
        found.append(entry)
        last = entry.old
    return found
