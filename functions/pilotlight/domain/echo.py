"""The echo: the Secondary's word to a Primary that was gone, and what it knew when it gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.domain.control import ControlItem
    from pilotlight.domain.heartbeat import Heartbeat


@dataclass(frozen=True)
class Echo:
    """Of which unbroken run of heartbeats one was seen, and who was active in which epoch then."""

    unbroken_since: int
    active_region: str
    epoch: int


def echo_key(region: str) -> dict[str, Any]:
    """Return the key, in the control table, of the echo for a Region."""
    return {"pk": {"S": f"echo#{region}"}}


def override_key(region: str) -> dict[str, Any]:
    """Return the key, in a Region's control table, of an operator's word that it is up to date."""
    return {"pk": {"S": f"override#{region}"}}


def wanted(beat: Heartbeat | None, last: Echo | None, control: ControlItem | None) -> Echo | None:
    """Return the echo that a heartbeat seen here asks for, or None where there is nothing to say.

    Without a control item nothing is said: an echo vouches for who is active.
    """
    if beat is None or beat.unbroken_since is None or control is None:
        return None
    if last is not None and last.unbroken_since == beat.unbroken_since:
        return None
    return Echo(beat.unbroken_since, control.active_region, control.epoch)


def attributes(echo: Echo, now: int) -> dict[str, Any]:
    """Return an echo's attributes, types included, without its key."""
    return {
        "unbroken_since": {"N": str(echo.unbroken_since)},
        "active_region": {"S": echo.active_region},
        "epoch": {"N": str(echo.epoch)},
        "at": {"N": str(now)},
    }


def from_attributes(found: Mapping[str, Any] | None) -> Echo | None:
    """Read an echo as DynamoDB returns it. One that is garbled says nothing."""
    try:
        given = found or {}
        return Echo(
            int(given["unbroken_since"]["N"]), given["active_region"]["S"], int(given["epoch"]["N"])
        )
    except (KeyError, TypeError, ValueError):
        return None
