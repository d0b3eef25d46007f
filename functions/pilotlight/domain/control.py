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
    """Which Region may serve writes, since which change, and whether it is draining."""

    active_region: str
    epoch: int
    state: State

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
        except (KeyError, TypeError, ValueError) as error:
            raise ControlItemInvalid(f"The control item lacks or garbles {error}.") from error
        if state not in ("serving", "draining") or not region:
            raise ControlItemInvalid(f"The control item says state {state!r}, region {region!r}.")
        return cls(region, epoch, state)


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
