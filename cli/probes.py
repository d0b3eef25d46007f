"""Own probes of the application's names and of the beacon, from where the operator sits."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import click
import dns.exception
import dns.resolver
from pilot_light_client import http

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Beacon = Literal["healthy", "unhealthy", "unknown"]
# Less than a Region's time: the lookup, the request and TLS share it.
SECONDS = 2.5


@dataclass(frozen=True)
class Probe:
    """One GET of the health path at a name. `region` is the one that the answer names."""

    name: str
    ok: bool
    status: int | None = None
    region: str | None = None
    seconds: float | None = None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as the JSON documents have it."""
        return asdict(self)


@dataclass(frozen=True)
class Network:
    """How names are reached: as the machine does it, or as in the lab.

    `resolver` is the DNS server to ask, `connect_to` the address and port that stand for a name or
    for an address.
    """

    resolver: tuple[str, int] | None = None
    connect_to: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def place(self, name: str) -> tuple[str, int]:
        """Return the address, or the name, and the port to connect to.

        Raises
        ------
        dns.exception.DNSException
            The resolver has no address.
        """
        if name in self.connect_to:
            return self.connect_to[name]
        if self.resolver is None:
            return name, http.HTTPS_PORT
        addresses = [record.to_text() for record in self.asker().resolve(name, "A")]
        # A name may have several addresses, of which one stands in the list.
        listed = [self.connect_to[address] for address in addresses if address in self.connect_to]
        return listed[0] if listed else (addresses[0], http.HTTPS_PORT)

    def asker(self) -> dns.resolver.Resolver:
        """Return a resolver that keeps no answers."""
        asker = dns.resolver.Resolver(configure=self.resolver is None)
        asker.lifetime, asker.cache = SECONDS / 2, None
        if self.resolver:
            asker.nameservers, asker.port = [self.resolver[0]], self.resolver[1]
        return asker


def probe(network: Network, name: str, path: str, regions: Collection[str]) -> Probe:
    """Ask for the health at a name. Anything but 200 is not well, redirects included."""
    try:
        address, port = network.place(name)
        url = f"https://{name}:{port}{path}"
        answer = http.request("GET", url, timeout=SECONDS, headers={"Host": name}, at=address)
    except dns.exception.DNSException as error:
        return Probe(name, ok=False, error=f"the name has no address ({type(error).__name__})")
    except http.Unreachable as error:
        return Probe(name, ok=False, error=str(error))
    region = named_region(answer.json(), regions)
    ok = answer.status == 200
    wrong = None if ok else f"HTTP status {answer.status}"
    return Probe(name, ok, answer.status, region, round(answer.seconds, 3), wrong)


def named_region(body: Any, regions: Collection[str]) -> str | None:
    """Return which of the Regions an answer names, as in a field `region`."""
    values = body.values() if isinstance(body, dict) else ()
    return next((v for v in values if isinstance(v, str) and v in regions), None)


def beacon(network: Network, name: str) -> Beacon:
    """Return what Route 53's checkers say of the Primary. No answer is unknown."""
    try:
        answer = network.asker().resolve(name, "TXT")
    except dns.exception.DNSException:
        return "unknown"
    texts = {b"".join(record.strings).decode("ascii", "replace") for record in answer}
    if texts == {"healthy"}:
        return "healthy"
    return "unhealthy" if texts == {"unhealthy"} else "unknown"


def address(text: str, port: int | None = None) -> tuple[str, int]:
    """Return an address and a port of `ADDRESS:PORT`, or of `ADDRESS` if a port is given.

    Raises
    ------
    click.BadParameter
        It is none.
    """
    host, _, end = text.rpartition(":")
    if port is not None and not host:
        return text, port
    if not host or not end.isdecimal():
        raise click.BadParameter(f"{text!r} is no ADDRESS:PORT.")
    return host, int(end)


def connections(pairs: Collection[str]) -> dict[str, tuple[str, int]]:
    """Return the places of `NAME=ADDRESS:PORT`, by name."""
    split = [pair.partition("=") for pair in pairs]
    return {name: address(place) for name, _, place in split}
