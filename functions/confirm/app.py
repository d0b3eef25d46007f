"""Confirm: observes for itself whether the Primary is down."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
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
from pilotlight.sentinel.probes import probe
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import RECOVERY_STEP, best_effort_client
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, variable

if TYPE_CHECKING:
    from pilotlight.sentinel.observation import Beacon, Probe

logger, tracer = Logger(), Tracer()
PROBES, TIMEOUT = 3, 2.0
# How long, and how often, the beacon is read again where it alone is missing to an outage.
FOLLOW_SECONDS, READ_SECONDS = 6.0, 0.25
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
best_effort_client()


def observe() -> tuple[list[Probe], Beacon, PulseEvidence]:
    """Probe the Primary and read the beacon and the pulse, side by side."""
    url = f"https://{DEPLOYMENT.region_name(DEPLOYMENT.primary_region)}/health"
    with ThreadPoolExecutor(PROBES + 2) as pool:
        beacon = pool.submit(beacon_record.read, DEPLOYMENT.beacon_name)
        pulse = pool.submit(observe_pulse)
        probes = list(pool.map(partial(probe, timeout=TIMEOUT), [url] * PROBES))
        return probes, beacon.result(), pulse.result()


def observe_pulse() -> PulseEvidence:
    """Return whether the Primary's pulse stands still, as far as a quorum answers."""
    try:
        if control_table(DEPLOYMENT).read().active_region != DEPLOYMENT.primary_region:
            return PulseEvidence(detail="The Primary is not active.")
        beat = Pulse(best_effort_client(), DEPLOYMENT.control_table).read(consistent=True)
        before = SentinelItem(DYNAMODB, RECOVERIES_TABLE).read().pulse
    except (ControlUnread, BotoCoreError, ClientError, ItemUnavailable) as error:
        return PulseEvidence(detail=f"The pulse was not read: {error}")
    return pulse_evidence(beat, before, datetime.now(UTC))


def beacon_follows() -> bool:
    """Wait for the beacon to become `unhealthy`, and return whether it did."""
    until = time.monotonic() + FOLLOW_SECONDS
    while time.monotonic() < until:
        time.sleep(READ_SECONDS)
        if beacon_record.read(DEPLOYMENT.beacon_name) == "unhealthy":
            return True
    return False


@recovery_step(logger, tracer)
def lambda_handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Return the verdict `outage`, `healthy` or `unclear`, with the probes and the beacon.

    Own probes see an outage before Route 53's checkers have reached their threshold. So the
    function waits for the beacon, and observes both again once it is `unhealthy`.
    """
    probes, beacon, pulse = observe()
    missing = beacon_may_follow([p.ok for p in probes], beacon) and not pulse.still
    if missing and beacon_follows():
        probes, beacon, pulse = observe()
    verdict = evidence(probes, beacon, timestamps.now(), pulse)
    logger.info("Primary probed", extra={"evidence": verdict})
    return verdict
