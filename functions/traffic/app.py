"""Traffic: checks by DNS and the public name, as a user would, which Region answers."""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client import http
from pilotlight.shared import dns_lookup
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment

logger = Logger()
DEPLOYMENT = Deployment.from_environment()


class TrafficNotMoved(Exception):
    """The public name does not lead to the expected Region yet. The state machine asks again."""


@recovery_step(logger)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Return what answered at the public name.

    Raises
    ------
    TrafficNotMoved
        DNS or the answer names another Region, or nobody answers.
    """
    name, expected, start = DEPLOYMENT.public_name, event["expect_region"], time.monotonic()
    url, leads_to = DEPLOYMENT.health_url(name), dns_lookup.leads_to(name)
    if leads_to != [DEPLOYMENT.origin_name(expected)]:
        raise TrafficNotMoved(f"{name} leads to {leads_to or 'nothing'}.")
    try:
        response = http.request("GET", url, timeout=2.0)
    except http.Unreachable as error:
        raise TrafficNotMoved(f"{url}: {error}") from error
    body = response.json()
    region = body.get("region") if isinstance(body, dict) else None
    if response.status != 200 or region != expected:
        raise TrafficNotMoved(f"{url} answered {response.status} from {region}.")
    seconds = round(time.monotonic() - start, 3)
    logger.info("Traffic confirmed", extra={"region": region, "dns": leads_to})
    return {"region": region, "dns": leads_to, "status": response.status, "seconds": seconds}
