"""The history of an item: whether a write is part of it, by the links of the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.items.writes import Item, Write

    # From a version of an item to the journal entry that made it, or None if there is none.
    Link = Callable[[Item], Write | None]

Verdict = Literal["kept", "lost", "pending", "unknown"]
# A longer walk ends as unknown, so that it does not take the time of other entries.
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


def judge(written: Item, current: Item | None, link: Link) -> History:
    """Return whether a write is in the history of its item.

    The walk goes back from the higher version to the lower one. There it meets the same write, or
    the two histories have diverged before.

    Parameters
    ----------
    written
        The item as the write made it.
    current
        The item as it is now, tombstones included, or None if there is none.
    """
    if current is None:
        return History("pending", "The item is not here.")
    if current.unreadable:
        return History("unknown", "The item's row cannot be read. See its row in the items table.")
    ahead = written.version > current.version
    younger, older = (written, current) if ahead else (current, written)
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
        return History(
            "lost", f"{now}, and this write's version {written.version} is not in its history."
        )
    return History("pending", f"{now}: it has yet to arrive.") if ahead else History("kept", now)


def overwritten(last: Item | None, current: Item | None, link: Link) -> list[Write]:
    """Return the writes that were lost with an overwritten version of an item, newest first.

    The list ends at the first write that the item's history has, and at a missing link: a write is
    lost only if the journal shows it.
    """
    lost: list[Write] = []
    while last is not None and len(lost) < LONGEST_WALK:
        entry = link(last)
        if entry is None or judge(last, current, link).verdict != "lost":
            break
        lost.append(entry)
        last = entry.old
    return lost
