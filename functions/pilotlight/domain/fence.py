"""The fence: decides whether this Region may take a write, and who may if not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from pilotlight.domain.control import ControlItem
    from pilotlight.domain.echo import Echo
    from pilotlight.domain.heartbeat import Heartbeat

Action = Literal["write", "forward", "refuse"]


@dataclass(frozen=True)
class Passage:
    """What to do with a write, and why."""

    action: Action
    code: str
    reason: str
    region: str | None = None
    epoch: int | None = None


@dataclass(frozen=True)
class Proof:
    """What shows whether a Region that was gone knows by now who is active.

    `heartbeat` is the newest of its own pulse, `overridden_at` an operator's word, `now` the moment
    of the request in milliseconds since 1970.
    """

    heartbeat: Heartbeat | None
    echo: Echo | None
    overridden_at: datetime | None
    now: int


def judge(
    control: ControlItem | None, own_region: str, *, forwarded: bool, proof: Proof | None = None
) -> Passage:
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
    proof
        None in the Region whose replica of the control item is the one that is written: what it
        reads consistently is never old.
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
        return _outdated(control, proof, forwarded=forwarded) or Passage(
            "write", "Active", "This Region is active.", control.active_region, control.epoch
        )
    if forwarded:
        return Passage(
            "refuse", "NotActive", "The other Region forwarded this write, but it is not for here."
        )
    return Passage(
        "forward", "NotActive", "The other Region is active.", control.active_region, control.epoch
    )


def _outdated(control: ControlItem, proof: Proof | None, *, forwarded: bool) -> Passage | None:
    """Return why "this Region is active" may be old news, or None where it is not.

    The control item arrives by replication, after the Region is back. Until the other side has
    answered a heartbeat written after the gap, with an epoch that is known here, a promotion may
    still be on its way. Without a gap nothing is asked of the other side, which may be dead.
    """
    if proof is None or proof.heartbeat is None:
        return None
    since = proof.heartbeat.unbroken_since
    if proof.heartbeat.stale(proof.now):
        return Passage("refuse", "HeartbeatStale", "This Region was gone. Try again in a second.")
    if since is None:
        return None
    if proof.overridden_at is not None and proof.overridden_at.timestamp() * 1000 >= since:
        return None
    echo = proof.echo
    if echo is None or echo.unbroken_since != since:
        return Passage(
            "refuse",
            "AwaitingEcho",
            "This Region was gone and asks the other who is active. Try again in a second.",
        )
    if echo.epoch <= control.epoch:
        return None
    if forwarded or echo.active_region == control.active_region:
        return Passage(
            "refuse", "ControlItemBehind", "The other Region's control item is newer than this one."
        )
    return Passage(
        "forward", "NotActive", "The other Region is active.", echo.active_region, echo.epoch
    )
