"""Traffic: asks DNS and the public name, as a user would, which Region answers."""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight.shared import dns_lookup, http
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment

logger, tracer = Logger(), Tracer()


class TrafficNotMoved(Exception):
    """The public name does not lead to the expected Region yet. The state machine asks again."""


@recovery_step(logger, tracer)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return what answered at the public name.

    Raises
    ------
    TrafficNotMoved
        DNS or the answer names another Region, or nobody answers.
    """
    known, expected, start = Deployment.from_environment(), event["expect_region"], time.monotonic()
    leads_to = dns_lookup.leads_to(known.public_name)
    if leads_to != [known.origin_name(expected)]:
        raise TrafficNotMoved(f"{known.public_name} leads to {leads_to or 'nothing'}.")
    try:
        found = http.request("GET", f"https://{known.public_name}/health", timeout=2.0)
    except http.Unreachable as error:
        raise TrafficNotMoved(f"https://{known.public_name}/health: {error}") from error
    body = found.json()
    region = body.get("region") if isinstance(body, dict) else None
    if found.status != 200 or region != expected:
        raise TrafficNotMoved(
            f"https://{known.public_name}/health answered {found.status} from {region}."
        )
    seconds = round(time.monotonic() - start, 3)
    logger.info("Traffic confirmed", extra={"region": region, "dns": leads_to})
    return {"region": region, "dns": leads_to, "status": found.status, "seconds": seconds}
