"""Puts together the fence, the keeper and the last resort of the Region in which the code runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from pilotlight.control.fence import WRITE_DEADLINE_SECONDS, Fence, WithoutQuorum
from pilotlight.control.keeper import Keeper
from pilotlight.control.last_resort import LastResortTable
from pilotlight.control.table import ControlTable
from pilotlight.shared.aws_clients import best_effort_client
from pilotlight.shared.settings import required
from pilotlight.shared.timestamps import milliseconds

if TYPE_CHECKING:
    from pilotlight.shared.settings import Deployment


def control_table(known: Deployment) -> ControlTable:
    """Return the control table by a client with one short attempt."""
    return ControlTable(best_effort_client(), known.control_table)


def last_resort(known: Deployment) -> LastResortTable:
    """Return the Region's last resort."""
    return LastResortTable(best_effort_client(), known.last_resort_table)


def fence(known: Deployment) -> Fence:
    """Return the fence of this execution environment."""
    granted = last_resort(known)
    return Fence(
        control_table(known).read,
        known.region,
        fence_seconds=float(required("FENCE_SECONDS")),
        without_quorum=cast("WithoutQuorum", required("WITHOUT_QUORUM")),
        last_resort=granted.read,
        end_last_resort=granted.end,
    )


def keeper(known: Deployment, function: str) -> Keeper:
    """Return a keeper of this Region. Its name tells its changes from another keeper's."""
    return Keeper(
        table=control_table(known),
        region=known.region,
        name=f"keeper {known.region} {function}",
        lease_seconds=float(required("FENCE_SECONDS")) + WRITE_DEADLINE_SECONDS,
        last_resort=last_resort(known),
        sleep=time.sleep,
        clock=milliseconds,
    )
