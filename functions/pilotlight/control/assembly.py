"""Puts together the control table and the last resort of this Region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilot_light_client.aws_clients import best_effort_client
from pilot_light_client.last_resort import LastResortTable

from pilotlight.control.table import ControlTable

if TYPE_CHECKING:
    from pilotlight.shared.settings import Deployment


def control_table(deployment: Deployment) -> ControlTable:
    """Return the control table by a client with one short attempt."""
    return ControlTable(best_effort_client(), deployment.control_table)


def last_resort(deployment: Deployment) -> LastResortTable:
    """Return the Region's last resort."""
    return LastResortTable(best_effort_client(), deployment.last_resort_table)
