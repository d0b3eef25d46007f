"""The control item: who is active."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTROL_KEY = "control"
State = Literal["serving", "draining"]


class ControlItemInvalid(Exception):
    """The control item is there and does not say who is active."""


@dataclass(frozen=True)
class ControlItem:
    """Which Region may serve writes, since which change, and whether it is draining.

    A drain ends at `drain_until` (milliseconds since 1970) if nobody ends it before, and leads to
    the Region `drain_to`. `break_glass` is there after a change by force, until it is reconciled.
    """

    active_region: str
    epoch: int
    state: State
    drain_until: int | None = None
    drain_to: str | None = None
    changed_by: str | None = None
    break_glass: str | None = None
    changed_at: str | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> ControlItem:
        """Read the item as DynamoDB returns it, attribute types included.

        Raises
        ------
        ControlItemInvalid
            An attribute is missing or of the wrong kind. It says nothing, which is not consent.
        """
        try:
            state = item["state"]["S"]
            region, epoch = item["active_region"]["S"], int(item["epoch"]["N"])
            until = int(item["drain_until"]["N"]) if "drain_until" in item else None
            told = ("drain_to", "changed_by", "break_glass", "changed_at")
            to, by, forced, at = (_text(item, name) for name in told)
        except (KeyError, TypeError, ValueError) as error:
            raise ControlItemInvalid(f"The control item lacks or garbles {error}.") from error
        if state not in ("serving", "draining") or not region:
            raise ControlItemInvalid(f"The control item says state {state!r}, region {region!r}.")
        if state == "draining" and to == region:
            raise ControlItemInvalid(f"The control item drains {region} to itself.")
        return cls(region, epoch, state, until, to, by, forced, at)


def drains(control: ControlItem, now: int) -> bool:
    """Say whether a drain is on, `now` being milliseconds since 1970.

    A drain is a lease: an expired one is over, and the active Region serves again. One that does
    not say when it ends is on: what an item lacks is no consent to write.
    """
    if control.state != "draining":
        return False
    return control.drain_until is None or now < control.drain_until


def undrained(
    control: ControlItem | None, source: str, target: str, epoch: int, by: str | None, now: int
) -> str | None:
    """Return why a Region's own control item does not show a drain to another, or None if it does.

    `by` is who made the drain; None asks only that there is one, in this epoch.
    """
    if control is None:
        return f"The control item could not be read in {source}."
    if (control.active_region, control.epoch) != (source, epoch):
        return f"{control.active_region} is active in epoch {control.epoch}."
    if control.state != "draining" or control.drain_to != target:
        return f"{source} does not drain to {target}: {control.state}, {control.drain_to}."
    if not drains(control, now):
        return f"The drain of {source} has expired."
    if by is not None and control.changed_by != by:
        return f"{source} drains for {control.changed_by}."
    return None


def _text(item: Mapping[str, Any], name: str) -> str | None:
    """Return an attribute that may be absent, but not empty or of another kind."""
    if name not in item:
        return None
    found = item[name]["S"]
    if not isinstance(found, str) or not found:
        raise ValueError(name)
    return found


def seed_item(primary_region: str, now: str) -> dict[str, Any]:
    """Return the control item of a new deployment: the Primary is active, in the first epoch."""
    return {
        "pk": {"S": CONTROL_KEY},
        "active_region": {"S": primary_region},
        "epoch": {"N": "1"},
        "state": {"S": "serving"},
        "changed_at": {"S": now},
        "changed_by": {"S": "seed"},
    }
