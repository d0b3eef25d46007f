"""The zone, asked for as users' resolvers ask."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

import dns.exception
import dns.resolver

from cli.check import judgements
from cli.check.result import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

SECONDS = 5.0


def address(text: str) -> tuple[str, int]:
    """Return IP address and port of `host` or `host:port`.

    Raises
    ------
    ValueError
        It is neither.
    """
    try:
        return str(ip_address(text)), 53
    except ValueError:
        host, _, port = text.rpartition(":")
        return str(ip_address(host.strip("[]"))), int(port)


def resolver(at: tuple[str, int] | None) -> dns.resolver.Resolver:
    """Return a resolver: this machine's, or the one at an address and port."""
    if at is None:
        return dns.resolver.Resolver()
    made = dns.resolver.Resolver(configure=False)
    made.nameservers, made.port = [at[0]], at[1]
    return made


def inspect(at: tuple[str, int] | None, zone_name: str, expected: Iterable[str]) -> Outcome:
    """Judge whether the zone is delegated, and its servers answer through that delegation."""
    try:
        asked = resolver(at)
        found = _name_servers(asked, zone_name)
        outcome = judgements.delegation(zone_name, expected, found)
        if outcome.state == "ok":
            asked.resolve(f"{zone_name}.", "SOA", lifetime=SECONDS)
    except dns.resolver.NoNameservers:
        remedy = "Compare the parent zone's NS and DS records with the hosted zone."
        return Outcome("failed", f"no name server of {zone_name} gives an answer", remedy)
    except (dns.exception.DNSException, OSError) as error:
        remedy = "Try again, or name a resolver that answers: --resolver 1.1.1.1."
        reason = str(error).partition(";")[0]
        return Outcome("unknown", f"the resolver did not answer: {reason}", remedy)
    return outcome


def _name_servers(asked: dns.resolver.Resolver, zone_name: str) -> list[str]:
    try:
        answer = asked.resolve(f"{zone_name}.", "NS", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [str(record.target) for record in answer]
