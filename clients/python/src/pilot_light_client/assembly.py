"""Puts together what an execution environment needs, by clients with one short attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilot_light_client.aws_clients import best_effort_client
from pilot_light_client.control_table import ControlReader
from pilot_light_client.fence import Fence
from pilot_light_client.heartbeat_table import Heartbeats, HeartbeatWriter
from pilot_light_client.last_resort import LastResortTable
from pilot_light_client.pulse import Pulse, PulseWriter

if TYPE_CHECKING:
    from pilot_light_client.heartbeat import Server
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
        max_write_seconds=settings.max_write_seconds,
        without_quorum=settings.without_quorum,
        last_resort=granted.read,
        end_last_resort=granted.end,
    )


class SignsOfLife:
    """Heartbeats and pulse of a Region that is active, kept going while it serves requests."""

    def __init__(self, heartbeats: HeartbeatWriter, pulse: PulseWriter) -> None:
        self._heartbeats, self._pulse = heartbeats, pulse

    def serve(self, server: Server) -> None:
        """Write what is due. Never fails."""
        self._heartbeats.serve(server)
        self._pulse.serve()


def signs_of_life(settings: Settings, heartbeat_seconds: int) -> SignsOfLife:
    """Return what keeps this Region's heartbeats and pulse going.

    Without it the product's own function writes them.
    """
    heartbeats = Heartbeats(best_effort_client(), settings.journal_table)
    return SignsOfLife(
        HeartbeatWriter(heartbeats, settings.region, heartbeat_seconds * 1000),
        PulseWriter(Pulse(best_effort_client(), settings.control_table), settings.region),
    )
