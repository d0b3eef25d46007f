"""DNS look-ups: where the public name leads."""

from __future__ import annotations

import dns.exception
import dns.resolver


def resolver(lifetime: float) -> dns.resolver.Resolver:
    """Return a resolver that keeps no answers."""
    uncached = dns.resolver.Resolver()
    uncached.lifetime = lifetime
    uncached.cache = None
    return uncached


def leads_to(name: str, lifetime: float = 2.0) -> list[str]:
    """Return the names to which a CNAME leads, without the last dot; none where there is none."""
    try:
        answer = resolver(lifetime).resolve(name, "CNAME")
    except dns.exception.DNSException:
        return []
    return [record.target.to_text(omit_final_dot=True) for record in answer]
