"""Puts together the fence, the keeper and the last resort of the Region in which the code runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pilotlight.control.fence import WRITE_DEADLINE_SECONDS, Fence
from pilotlight.control.keeper import Keeper
from pilotlight.control.last_resort import LastResortTable
from pilotlight.control.table import ControlTable
from pilotlight.shared.aws_clients import best_effort_client
from pilotlight.shared.timestamps import milliseconds

if TYPE_CHECKING:
    from pilotlight.shared.settings import Deployment


def control_table(deployment: Deployment) -> ControlTable:
    """Return the control table by a client with one short attempt."""
    return ControlTable(best_effort_client(), deployment.control_table)


def last_resort(deployment: Deployment) -> LastResortTable:
    """Return the Region's last resort."""
    return LastResortTable(best_effort_client(), deployment.last_resort_table)


def fence(deployment: Deployment) -> Fence:
    """Return the fence of this execution environment."""
    granted = last_resort(deployment)
    return Fence(
        control_table(deployment).read,
        deployment.region,
        fence_seconds=deployment.fence_seconds,
        without_quorum=deployment.without_quorum,
        last_resort=granted.read,
        end_last_resort=granted.end,
    )


def keeper(deployment: Deployment, function: str) -> Keeper:
    """Return a keeper of this Region. Its name distinguishes its changes from another keeper's."""
    return Keeper(
        table=control_table(deployment),
        region=deployment.region,
        name=f"keeper {deployment.region} {function}",
        lease_seconds=deployment.fence_seconds + WRITE_DEADLINE_SECONDS,
        last_resort=last_resort(deployment),
        sleep=time.sleep,
        clock=milliseconds,
    )
