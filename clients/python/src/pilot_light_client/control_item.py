"""The control item: which Region is active, in which epoch, and at which revision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from pilot_light_client.attributes import AttributeInvalid, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTROL_KEY = "control"
# The state machines compute with numbers that are exact up to here.
LIMIT = 10**15
State = Literal["serving", "claimed", "draining"]


class ControlItemInvalid(Exception):
    """The control item exists and does not name the active Region."""


@dataclass(frozen=True)
class ControlItem:
    """The active Region, its epoch (counts claims), and the revision (counts changes).

    `claimed`: nobody may write yet. `draining`: nobody may write until `drain_until` (milliseconds
    since 1970), for the planned move `move`. `cooldown_until` is in seconds since 1970.
    """

    revision: int
    active_region: str
    epoch: int
    state: State
    move: str | None = None
    drain_until: int | None = None
    cooldown_until: int | None = None
    changed_at: str | None = None
    changed_by: str | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> ControlItem:
        """Read the item as DynamoDB returns it, attribute types included.

        Raises
        ------
        ControlItemInvalid
            An attribute is missing or of the wrong kind. A missing value is not consent.
        """
        try:
            control = cls(
                revision=number(item, "revision"),
                active_region=text(item, "active_region"),
                epoch=number(item, "epoch"),
                state=cast("State", text(item, "state")),
                move=_text(item, "move"),
                drain_until=_number(item, "drain_until"),
                cooldown_until=_number(item, "cooldown_until"),
                changed_at=_text(item, "changed_at"),
                changed_by=_text(item, "changed_by"),
            )
        except AttributeInvalid as error:
            raise ControlItemInvalid(f"The control item has no valid attribute {error}.") from error
        if control.state not in get_args(State) or not control.active_region:
            raise ControlItemInvalid(
                f"The control item has state {control.state!r}, Region {control.active_region!r}."
            )
        if not (1 <= control.revision < LIMIT and 1 <= control.epoch < LIMIT):
            raise ControlItemInvalid(
                f"The control item has revision {control.revision}, epoch {control.epoch}."
            )
        return control


def _text(item: Mapping[str, Any], name: str) -> str | None:
    """Return an attribute that may be absent, but not empty or of another kind."""
    if name not in item:
        return None
    if not (value := text(item, name)):
        raise AttributeInvalid(name)
    return value


def _number(item: Mapping[str, Any], name: str) -> int | None:
    return number(item, name) if name in item else None
