"""Own probes of a Region's endpoint."""

from __future__ import annotations

import time

from pilotlight import moments
from pilotlight.adapters import https
from pilotlight.domain.confirmation import Probe


def probe(url: str, timeout: float) -> Probe:
    """Make one request on a connection of its own. Anything but 200 fails, redirects included."""
    at, start = moments.now(), time.monotonic()
    try:
        found = https.request("GET", url, timeout=timeout, headers={"Connection": "close"})
    except https.Unreachable as error:
        seconds = round(time.monotonic() - start, 3)
        return Probe(ok=False, status=None, error=str(error), seconds=seconds, at=at)
    return Probe(found.status == 200, found.status, None, round(found.seconds, 3), at)
