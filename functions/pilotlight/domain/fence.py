"""The fence: decides whether this Region may take a write, and who may if not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pilotlight.domain.control import drains

if TYPE_CHECKING:
    from datetime import datetime

    from pilotlight.domain.control import ControlItem
    from pilotlight.domain.echo import Echo
    from pilotlight.domain.heartbeat import Heartbeat

Action = Literal["write", "forward", "refuse"]

# How long a Region goes by a control item before it reads it again.
FENCE_SECONDS = 1.0
# While it drains it asks more often: its writers wait for the promotion.
DRAINING_FENCE_SECONDS = 0.2
# From the moment the fence let a write pass until its transaction has ended, one way or the other.
# Whoever drains a Region waits for the sum of this and FENCE_SECONDS, and knows that none is left.
WRITE_DEADLINE_SECONDS = 2.0
# What the transaction itself may take of it, its retry included (see adapters/clients.py).
TRANSACTION_SECONDS = 1.45


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

    `heartbeat` is the newest of its own pulse, `overridden_at` an operator's word.
    """

    heartbeat: Heartbeat | None
    echo: Echo | None
    overridden_at: datetime | None


def kept_seconds(control: ControlItem | None) -> float:
    """Return how long a control item that was read is gone by."""
    draining = control is not None and control.state == "draining"
    return DRAINING_FENCE_SECONDS if draining else FENCE_SECONDS


def too_late(age: float) -> bool:
    """Say whether a transaction begun now could outlive what the fence promises.

    `age` is how many seconds ago the control item was asked for by which the write passed. Counted
    from there, and not from the passing, a slow read takes of the write's time and adds none.
    """
    return not 0 <= age <= FENCE_SECONDS + WRITE_DEADLINE_SECONDS - TRANSACTION_SECONDS


def judge(
    control: ControlItem | None,
    own_region: str,
    *,
    now: int,
    forwarded: bool,
    proof: Proof | None = None,
) -> Passage:
    """Decide what happens to a write that reached this Region.

    Parameters
    ----------
    control
        The control item, or None where it is missing or could not be read.
    own_region
        The Region in which the code runs.
    now
        The moment of the request, in milliseconds since 1970.
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
    if drains(control, now):
        return _drained(control, own_region, forwarded=forwarded)
    if control.active_region == own_region:
        return _outdated(control, proof, now, forwarded=forwarded) or Passage(
            "write", "Active", "This Region is active.", control.active_region, control.epoch
        )
    if forwarded:
        return Passage(
            "refuse", "NotActive", "The other Region forwarded this write, but it is not for here."
        )
    return Passage(
        "forward", "NotActive", "The other Region is active.", control.active_region, control.epoch
    )


def _drained(control: ControlItem, own_region: str, *, forwarded: bool) -> Passage:
    """Return what happens to a write while no Region takes one.

    The drained Region passes it on to the one that is to be promoted, whose own control item knows
    of the promotion first: writers are served from that instant, and not a replication lag later.
    """
    if control.active_region == own_region and control.drain_to and not forwarded:
        return Passage(
            "forward",
            "Draining",
            "The other Region is about to be active.",
            control.drain_to,
            control.epoch,
        )
    return Passage(
        "refuse", "Draining", "The active Region is about to change. Try again in a second."
    )


def _outdated(
    control: ControlItem, proof: Proof | None, now: int, *, forwarded: bool
) -> Passage | None:
    """Return why "this Region is active" may be old news, or None where it is not.

    The control item arrives by replication, after the Region is back. Until the other side has
    answered a heartbeat written after the gap, with an epoch that is known here, a promotion may
    still be on its way. Without a gap nothing is asked of the other side, which may be dead.
    """
    if proof is None or proof.heartbeat is None:
        return None
    since = proof.heartbeat.unbroken_since
    if proof.heartbeat.stale(now):
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
