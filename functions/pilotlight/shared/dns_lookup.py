"""DNS look-ups: where the public name leads, and what a zone's own name servers answer."""

from __future__ import annotations

import dns.exception
import dns.resolver

# What is known of name servers, for as long as its TTL says: two days at Route 53.
_NAME_SERVERS = dns.resolver.Cache()
# How many of a zone's four name servers are asked.
ASKED = 2


def resolver(lifetime: float) -> dns.resolver.Resolver:
    """Return a resolver that keeps no answers."""
    uncached = dns.resolver.Resolver()
    uncached.lifetime = lifetime
    uncached.cache = None
    return uncached


def resolver_of(zone: str, lifetime: float) -> dns.resolver.Resolver:
    """Return a resolver that asks two of a zone's name servers, and then the network's.

    The network's may keep an answer for its whole TTL. The search for the name servers takes up to
    half of the lifetime, and is needed once; if it fails, the network's is asked alone.
    """
    found = resolver(lifetime / 2)
    found.timeout = found.lifetime / (ASKED + 1)
    found.nameservers = [*_name_servers(zone, found.timeout), *found.nameservers]
    return found


def _name_servers(zone: str, timeout: float) -> list[str]:
    """Return the addresses of some of a zone's name servers, or none if one is not found."""
    network = resolver(timeout)
    network.cache = _NAME_SERVERS
    try:
        names = sorted(record.target.to_text() for record in network.resolve(zone, "NS"))
        return [network.resolve(name, "A")[0].address for name in names[:ASKED]]
    except dns.exception.DNSException:
        return []


def leads_to(name: str, lifetime: float = 2.0) -> list[str]:
    """Return the names to which a CNAME leads, without the last dot; none where there is none."""
    try:
        answer = resolver(lifetime).resolve(name, "CNAME")
    except dns.exception.DNSException:
        return []
    return [record.target.to_text(omit_final_dot=True) for record in answer]
