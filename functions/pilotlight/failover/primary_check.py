"""Checks for itself whether the Primary is down: own probes, the beacon and the pulse."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from pilot_light_client import timestamps
from pilot_light_client.aws_clients import best_effort_client
from pilot_light_client.control_table import ControlUnread
from pilot_light_client.pulse import Pulse
from pilot_light_client.table_errors import TableUnavailable

from pilotlight.control.assembly import control_table
from pilotlight.failover import confirmation
from pilotlight.failover.confirmation import (
    FOLLOW_SECONDS,
    PROBES,
    READ_SECONDS,
    TIMEOUT,
    PulseEvidence,
)
from pilotlight.sentinel import probes

if TYPE_CHECKING:
    from pilotlight.sentinel.item import SentinelItem
    from pilotlight.sentinel.observation import Beacon
    from pilotlight.sentinel.probe_result import Probe
    from pilotlight.shared.settings import Deployment

# A probe begins with each read of the beacon, and one without an answer lasts for its time limit.
UNDER_WAY = int(TIMEOUT / READ_SECONDS) + 1


def check_primary(deployment: Deployment, sentinel: SentinelItem) -> dict[str, Any]:
    """Return the verdict, and what it rests on.

    Own probes see an outage before Route 53's checkers have reached their threshold. So this waits
    for the beacon, and probes on meanwhile.
    """
    own, beacon, pulse = _observe(deployment, sentinel)
    if confirmation.beacon_may_follow([p.ok for p in own], beacon) and not pulse.still:
        own, beacon = _follow(deployment, own, beacon)
    return confirmation.evidence(own, beacon, timestamps.now(), pulse)


def _observe(
    deployment: Deployment, sentinel: SentinelItem
) -> tuple[list[Probe], Beacon, PulseEvidence]:
    """Probe the Primary and read the beacon and the pulse, side by side."""
    with ThreadPoolExecutor(PROBES + 2) as pool:
        beacon = pool.submit(probes.read_beacon, deployment.beacon_name)
        pulse = pool.submit(_observe_pulse, deployment, sentinel)
        own = list(pool.map(partial(probes.probe_primary, timeout=TIMEOUT), [deployment] * PROBES))
        return own, beacon.result(), pulse.result()


def _observe_pulse(deployment: Deployment, sentinel: SentinelItem) -> PulseEvidence:
    """Return whether the Primary's pulse stands still, as far as a quorum answers."""
    try:
        if control_table(deployment).read().active_region != deployment.primary_region:
            return PulseEvidence(detail="The Primary is not active.")
        beat = Pulse(best_effort_client(), deployment.control_table).read(consistent=True)
        before = sentinel.read().pulse
    except (ControlUnread, TableUnavailable) as error:
        return PulseEvidence(detail=f"The pulse was not read: {error}")
    return confirmation.pulse_evidence(beat, before, datetime.now(UTC))


def _follow(
    deployment: Deployment, first: list[Probe], beacon: Beacon
) -> tuple[list[Probe], Beacon]:
    """Wait until the beacon is `unhealthy` or a probe is good; return it and the latest probes.

    Those that still wait for an answer are left to themselves: they end within their timeout.
    """
    latest, begun = first, []
    until = time.monotonic() + FOLLOW_SECONDS
    pool = ThreadPoolExecutor(UNDER_WAY)
    while time.monotonic() < until:
        time.sleep(READ_SECONDS)
        begun.append(pool.submit(probes.probe_primary, deployment, TIMEOUT))
        beacon = probes.read_beacon(deployment.beacon_name)
        latest = [*first, *(probe.result() for probe in begun if probe.done())][-PROBES:]
        if beacon == "unhealthy" or any(probe.ok for probe in latest):
            break
    pool.shutdown(wait=False, cancel_futures=True)
    return latest, beacon
