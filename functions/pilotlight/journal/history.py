"""The history of an item: whether a write is part of it, by the links of the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilot_light_client.journal import Item, Version, Write

    # From a version of an item to the journal entry that made it, or None if there is none.
    Link = Callable[[Version], Write | None]

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
        A link is missing from the journal, or has expired, so that nobody can tell.
    """

    verdict: Verdict
    detail: str


def judge(written: Version, current: Item | None, link: Link) -> History:
    """Return whether a write is in the history of its item.

    The walk goes back from the higher version to the lower one. There it meets the same write, or
    the two histories have diverged before.

    Parameters
    ----------
    written
        The version that the write made.
    current
        The item as it is now, tombstones included, or None if there is none.
    """
    if current is None:
        return History("pending", "The item is not here.")
    if current.unreadable:
        return History("unknown", "The item's row cannot be read. See its row in its table.")
    held = current.version
    ahead = written.number > held.number
    younger, older = (written, held) if ahead else (held, written)
    for _ in range(LONGEST_WALK + 1):
        if younger.number <= older.number:
            break
        entry = link(younger)
        if entry is None:
            missing = f"{younger.region}, epoch {younger.epoch}, {younger.write_id}"
            return History(
                "unknown", f"The journal has no entry of {missing}: not yet, or it expired."
            )
        if entry.previous is None:
            break
        younger = entry.previous
    else:
        return History("unknown", f"More than {LONGEST_WALK} writes lie between.")
    now = f"The item is version {held.number}, written in {held.region}"
    if younger.write_id != older.write_id:
        return History(
            "lost", f"{now}, and this write's version {written.number} is not in its history."
        )
    return History("pending", f"{now}: it has yet to arrive.") if ahead else History("kept", now)
