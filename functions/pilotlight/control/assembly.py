"""Puts together the control table, the keeper and the last resort of this Region."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pilot_light_client.aws_clients import best_effort_client
from pilot_light_client.last_resort import LastResortTable
from pilot_light_client.timestamps import milliseconds

from pilotlight.control.keeper import Keeper
from pilotlight.control.table import ControlTable

if TYPE_CHECKING:
    from pilotlight.shared.settings import Deployment


def control_table(deployment: Deployment) -> ControlTable:
    """Return the control table by a client with one short attempt."""
    return ControlTable(best_effort_client(), deployment.control_table)


def last_resort(deployment: Deployment) -> LastResortTable:
    """Return the Region's last resort."""
    return LastResortTable(best_effort_client(), deployment.last_resort_table)


def keeper(deployment: Deployment, function: str) -> Keeper:
    """Return a keeper of this Region. Its name distinguishes its changes from another keeper's."""
    return Keeper(
        table=control_table(deployment),
        region=deployment.region,
        name=f"keeper {deployment.region} {function}",
        lease_seconds=deployment.fence_seconds + deployment.max_write_seconds,
        last_resort=last_resort(deployment),
        sleep=time.sleep,
        clock=milliseconds,
    )
