"""Own probes of an endpoint, and the beacon: the verdict of Route 53's checkers, read over DNS."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import dns.exception
from pilot_light_client import http, timestamps

from pilotlight.sentinel.probe_result import Probe
from pilotlight.shared import dns_lookup

if TYPE_CHECKING:
    from pilotlight.sentinel.observation import Beacon
    from pilotlight.shared.settings import Deployment


def probe(url: str, timeout: float) -> Probe:
    """Make one request on a connection of its own. Anything but 200 fails, redirects included."""
    at, start = timestamps.now(), time.monotonic()
    try:
        response = http.request("GET", url, timeout=timeout, headers={"Connection": "close"})
    except http.Unreachable as error:
        seconds = round(time.monotonic() - start, 3)
        return Probe(ok=False, status=None, error=str(error), seconds=seconds, at=at)
    return Probe(response.status == 200, response.status, None, round(response.seconds, 3), at)


def probe_primary(deployment: Deployment, timeout: float) -> Probe:
    """Probe the health of the Primary at its own name."""
    return probe(deployment.health_url(deployment.region_name(deployment.primary_region)), timeout)


def read_beacon(name: str, lifetime: float = 2.0) -> Beacon:
    """Return the state of the beacon, by its zone's own name servers.

    No answer, or another text, is unknown and not unhealthy.
    """
    zone = name.partition(".")[2]
    try:
        answer = dns_lookup.resolver_of(zone, lifetime).resolve(name, "TXT")
    except dns.exception.DNSException:
        return "unknown"
    texts = {b"".join(record.strings).decode("ascii", "replace") for record in answer}
    if texts == {"healthy"}:
        return "healthy"
    return "unhealthy" if texts == {"unhealthy"} else "unknown"
