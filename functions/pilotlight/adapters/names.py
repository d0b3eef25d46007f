"""DNS questions: the beacon's word, and where the public name leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.exception
import dns.resolver

if TYPE_CHECKING:
    from pilotlight.domain.confirmation import Beacon


def _resolver(lifetime: float) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver()
    resolver.lifetime = lifetime
    resolver.cache = None
    return resolver


def beacon(name: str, lifetime: float = 2.0) -> Beacon:
    """Return what the beacon says. No answer, or another one, is unknown and not unhealthy."""
    try:
        answer = _resolver(lifetime).resolve(name, "TXT")
    except dns.exception.DNSException:
        return "unknown"
    said = {b"".join(record.strings).decode("ascii", "replace") for record in answer}
    if said == {"healthy"}:
        return "healthy"
    return "unhealthy" if said == {"unhealthy"} else "unknown"


def leads_to(name: str, lifetime: float = 2.0) -> list[str]:
    """Return the names to which a CNAME leads, without the last dot; none where there is none."""
    try:
        answer = _resolver(lifetime).resolve(name, "CNAME")
    except dns.exception.DNSException:
        return []
    return [record.target.to_text(omit_final_dot=True) for record in answer]
