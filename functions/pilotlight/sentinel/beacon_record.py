"""The beacon: the verdict of Route 53's checkers, read over DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.exception

from pilotlight.shared import dns_lookup

if TYPE_CHECKING:
    from pilotlight.sentinel.observation import Beacon


def read(name: str, lifetime: float = 2.0) -> Beacon:
    """Return the state of the beacon. No answer, or another text, is unknown and not unhealthy."""
    try:
        answer = dns_lookup.resolver(lifetime).resolve(name, "TXT")
    except dns.exception.DNSException:
        return "unknown"
    texts = {b"".join(record.strings).decode("ascii", "replace") for record in answer}
    if texts == {"healthy"}:
        return "healthy"
    return "unhealthy" if texts == {"unhealthy"} else "unknown"
