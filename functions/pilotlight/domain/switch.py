"""The switch that Route 53's checkers read: whether this Region is active, and knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pilotlight.domain.control import ControlItem

Position = Literal["on", "off", "unknown"]


def position(control: ControlItem | None, own_region: str, last_known: Position) -> Position:
    """Return where the switch stands.

    A failed read (None) keeps the last known position: a stumbling table must not move traffic.
    """
    if control is None:
        return last_known
    return "on" if control.active_region == own_region else "off"


@dataclass(frozen=True)
class Answer:
    """What a checker gets."""

    status: int
    position: Position


def answer(asked: Literal["on", "off"], where: Position) -> Answer:
    """Say 200 only to the question whose answer is positively yes."""
    return Answer(200 if asked == where else 503, where)
