"""The fence: decides whether this Region may take a write, and who may if not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pilotlight.domain.control import ControlItem

Action = Literal["write", "forward", "refuse"]


@dataclass(frozen=True)
class Passage:
    """What to do with a write, and why."""

    action: Action
    code: str
    reason: str
    region: str | None = None
    epoch: int | None = None


def judge(control: ControlItem | None, own_region: str, *, forwarded: bool) -> Passage:
    """Decide what happens to a write that reached this Region.

    Parameters
    ----------
    control
        The control item, or None where it is missing or could not be read.
    own_region
        The Region in which the code runs.
    forwarded
        Whether the other Region sent the write here. It is not sent back, so that two Regions
        which each believe in the other cannot pass it on for ever.
    """
    if control is None:
        return Passage(
            "refuse",
            "ControlItemMissing",
            "Nobody knows which Region is active; no write is taken.",
        )
    if control.state == "draining":
        return Passage(
            "refuse", "Draining", "The active Region is about to change. Try again in a second."
        )
    if control.active_region == own_region:
        return Passage(
            "write", "Active", "This Region is active.", control.active_region, control.epoch
        )
    if forwarded:
        return Passage(
            "refuse", "NotActive", "The other Region forwarded this write, but it is not for here."
        )
    return Passage(
        "forward", "NotActive", "The other Region is active.", control.active_region, control.epoch
    )
