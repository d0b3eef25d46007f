"""Puts together the fence of an execution environment, by clients with one short attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilot_light_client.aws_clients import best_effort_client
from pilot_light_client.control_table import ControlReader
from pilot_light_client.fence import Fence
from pilot_light_client.last_resort import LastResortTable

if TYPE_CHECKING:
    from pilot_light_client.settings import Settings


def control_reader(settings: Settings) -> ControlReader:
    """Return the control table, to be read."""
    return ControlReader(best_effort_client(), settings.control_table)


def fence(settings: Settings) -> Fence:
    """Return the fence of this execution environment."""
    granted = LastResortTable(best_effort_client(), settings.last_resort_table)
    return Fence(
        control_reader(settings).read,
        settings.region,
        fence_seconds=settings.fence_seconds,
        without_quorum=settings.without_quorum,
        last_resort=granted.read,
        end_last_resort=granted.end,
    )
