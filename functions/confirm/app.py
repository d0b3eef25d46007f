"""Confirm: looks for itself whether the Primary is down."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer
from botocore.exceptions import BotoCoreError, ClientError
from pilotlight.control.assembly import control_table
from pilotlight.control.pulse import Pulse
from pilotlight.control.table import ControlUnread
from pilotlight.failover.confirmation import (
    PulseEvidence,
    beacon_may_follow,
    evidence,
    pulse_evidence,
)
from pilotlight.sentinel import beacon_record
from pilotlight.sentinel.item import ItemUnavailable, SentinelItem
from pilotlight.sentinel.probes import Probe, probe
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import best_effort_client, client
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, required

if TYPE_CHECKING:
    from pilotlight.sentinel.observation import Beacon

logger, tracer = Logger(), Tracer()
NEEDS = ("RECOVERIES_TABLE",)
PROBES, TIMEOUT = 3, 2.0
# How long, and how often, the beacon is asked again where only its word is missing to an outage.
FOLLOW_SECONDS, ASK_SECONDS = 6.0, 0.25


def look(known: Deployment) -> tuple[list[Probe], Beacon, PulseEvidence]:
    """Probe the Primary, ask the beacon and read the pulse, side by side."""
    url = f"https://{known.region_name(known.primary_region)}/health"
    with ThreadPoolExecutor(PROBES + 2) as pool:
        beacon, pulse = (
            pool.submit(beacon_record.read, known.beacon_name),
            pool.submit(look_at_pulse, known),
        )
        probes = list(pool.map(partial(probe, timeout=TIMEOUT), [url] * PROBES))
        return probes, beacon.result(), pulse.result()


def look_at_pulse(known: Deployment) -> PulseEvidence:
    """Return whether the Primary's pulse stands still, as far as a quorum answers."""
    try:
        if control_table(known).read().active_region != known.primary_region:
            return PulseEvidence(detail="The Primary is not active.")
        beat = Pulse(best_effort_client(), known.control_table).read(consistent=True)
        kept = SentinelItem(client("dynamodb"), required("RECOVERIES_TABLE")).read().pulse
    except (ControlUnread, BotoCoreError, ClientError, ItemUnavailable) as error:
        return PulseEvidence(detail=f"The pulse was not read: {error}")
    return pulse_evidence(beat, kept, datetime.now(UTC))


def turned(known: Deployment) -> bool:
    """Wait for the beacon to say `unhealthy`, and say whether it did."""
    until = time.monotonic() + FOLLOW_SECONDS
    while time.monotonic() < until:
        time.sleep(ASK_SECONDS)
        if beacon_record.read(known.beacon_name) == "unhealthy":
            return True
    return False


@recovery_step(logger, tracer, needs=NEEDS)
def lambda_handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the verdict `outage`, `healthy` or `unclear`, with the probes and the beacon.

    Own probes see an outage before Route 53's checkers have reached their threshold. So the beacon
    is waited for, and once it has turned both are asked again.
    """
    known = Deployment.from_environment()
    probes, beacon, pulse = look(known)
    missing = beacon_may_follow([p.ok for p in probes], beacon) and not pulse.still
    if missing and turned(known):
        probes, beacon, pulse = look(known)
    found = evidence(probes, beacon, timestamps.now(), pulse)
    logger.info("Primary probed", extra={"evidence": found})
    return found
