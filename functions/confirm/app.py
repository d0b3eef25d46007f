"""Confirm: looks for itself whether the Primary is down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight import moments
from pilotlight.adapters import names
from pilotlight.adapters.probes import probe
from pilotlight.domain.confirmation import evidence, policy
from pilotlight.settings import Deployment, required

logger, tracer = Logger(), Tracer()
PROBES, TIMEOUT = 3, 2.0


@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the verdict `outage`, `healthy` or `unclear`, with the probes and the beacon."""
    known, wanted = Deployment.from_environment(), policy(required("CONFIRMATION_POLICY"))
    url = f"https://{known.region_name(known.primary_region)}/health"
    with ThreadPoolExecutor(PROBES + 1) as pool:
        beacon = pool.submit(names.beacon, known.beacon_name)
        probes = list(pool.map(partial(probe, timeout=TIMEOUT), [url] * PROBES))
        found = evidence(probes, beacon.result(), moments.now(), wanted)
    logger.info("Primary looked at", extra={"evidence": found})
    return found
