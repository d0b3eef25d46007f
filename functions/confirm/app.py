"""Confirm: looks for itself whether the Primary is down."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight import moments
from pilotlight.adapters import https, names
from pilotlight.domain.confirmation import Probe, evidence
from pilotlight.settings import Deployment

logger, tracer = Logger(), Tracer()
PROBES, TIMEOUT = 3, 2.0


def probe(url: str) -> Probe:
    """Make one request to the Primary. Anything but 200 is a failure, redirects included."""
    at, start = moments.now(), time.monotonic()
    try:
        found = https.request("GET", url, timeout=TIMEOUT)
    except https.Unreachable as error:
        seconds = round(time.monotonic() - start, 3)
        return Probe(ok=False, status=None, error=str(error), seconds=seconds, at=at)
    return Probe(found.status == 200, found.status, None, round(found.seconds, 3), at)


@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the verdict `outage`, `healthy` or `unclear`, with the probes and the beacon."""
    known = Deployment.from_environment()
    url = f"https://{known.region_name(known.primary_region)}/health"
    with ThreadPoolExecutor(PROBES + 1) as pool:
        beacon = pool.submit(names.beacon, known.beacon_name)
        probes = list(pool.map(probe, [url] * PROBES))
        found = evidence(probes, beacon.result(), moments.now())
    logger.info("Primary looked at", extra={"evidence": found})
    return found
