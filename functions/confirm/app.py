"""Confirm: looks for itself whether the Primary is down."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight import moments
from pilotlight.adapters import names
from pilotlight.adapters.probes import probe
from pilotlight.domain.confirmation import Beacon, Probe, beacon_may_follow, evidence, policy
from pilotlight.settings import Deployment, required
from pilotlight.warm_ping import answers_warm_pings

logger, tracer = Logger(), Tracer()
PROBES, TIMEOUT = 3, 2.0
# How long, and how often, the beacon is asked again where only its word is missing to an outage.
FOLLOW_SECONDS, ASK_SECONDS = 6.0, 0.25


def look(known: Deployment) -> tuple[list[Probe], Beacon]:
    """Probe the Primary and ask the beacon, side by side."""
    url = f"https://{known.region_name(known.primary_region)}/health"
    with ThreadPoolExecutor(PROBES + 1) as pool:
        beacon = pool.submit(names.beacon, known.beacon_name)
        probes = list(pool.map(partial(probe, timeout=TIMEOUT), [url] * PROBES))
        return probes, beacon.result()


def turned(known: Deployment) -> bool:
    """Wait for the beacon to say `unhealthy`, and say whether it did."""
    until = time.monotonic() + FOLLOW_SECONDS
    while time.monotonic() < until:
        time.sleep(ASK_SECONDS)
        if names.beacon(known.beacon_name) == "unhealthy":
            return True
    return False


@answers_warm_pings
@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the verdict `outage`, `healthy` or `unclear`, with the probes and the beacon.

    Own probes see an outage before Route 53's checkers have reached their threshold. So the beacon
    is waited for, and once it has turned both witnesses are heard anew.
    """
    known, wanted = Deployment.from_environment(), policy(required("CONFIRMATION_POLICY"))
    probes, beacon = look(known)
    if beacon_may_follow([p.ok for p in probes], beacon, wanted) and turned(known):
        probes, beacon = look(known)
    found = evidence(probes, beacon, moments.now(), wanted)
    logger.info("Primary looked at", extra={"evidence": found})
    return found
