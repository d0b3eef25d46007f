"""DNS questions: what the answers mean, and what no answer means."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.resolver
import dns.rrset
import pytest
from pilotlight.sentinel import probes
from pilotlight.shared import dns_lookup

ZONE = "pilotlight.example"
NS = ["ns-4.awsdns-4.net.", "ns-1.awsdns-1.com.", "ns-2.awsdns-2.org.", "ns-3.awsdns-3.co.uk."]
SILENCE = [
    dns.resolver.NXDOMAIN(),
    dns.resolver.NoAnswer,
    dns.resolver.NoNameservers(),
    dns.resolver.NoResolverConfiguration(),
    dns.exception.Timeout(),
    dns.exception.FormError(),
]


class Answering:
    """A resolver with one answer, or one error."""

    def __init__(self, kind: str, *answers: str, error: Any = None) -> None:
        self._kind = kind
        self._answers = answers
        self._error = error
        self.asked: list[tuple[str, str]] = []
        self.zones: list[tuple[str, float]] = []

    def of(self, zone: str, lifetime: float) -> Answering:
        self.zones.append((zone, lifetime))
        return self

    def resolve(self, name: str, kind: str) -> Any:
        self.asked.append((name, kind))
        if self._error is dns.resolver.NoAnswer:
            raise dns.exception.DNSException("no answer")
        if self._error:
            raise self._error
        return dns.rrset.from_text(f"{name}.", 5, "IN", self._kind, *self._answers)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(kind: str, *answers: str, error: Any = None) -> Answering:
        found = Answering(kind, *answers, error=error)
        monkeypatch.setattr(dns_lookup, "resolver", lambda _lifetime: found)
        monkeypatch.setattr(dns_lookup, "resolver_of", found.of)
        return found

    return install


# --- the beacon ----------------------------------------------------------------------------------
@pytest.mark.parametrize("word", ["healthy", "unhealthy"])
def test_the_beacon_says_what_the_checkers_think(answer: Any, word: str) -> None:
    resolver = answer("TXT", f'"{word}"')
    assert probes.read_beacon("beacon.pilotlight.example") == word
    assert resolver.asked == [("beacon.pilotlight.example", "TXT")]
    assert resolver.zones == [(ZONE, 2.0)], "by the zone's own name servers"


def test_a_word_that_is_sent_in_parts_is_one_word(answer: Any) -> None:
    answer("TXT", '"un" "healthy"')
    assert probes.read_beacon("beacon.pilotlight.example") == "unhealthy"


@pytest.mark.parametrize(
    "texts",
    [
        ['"Healthy"'],
        ['"UNHEALTHY"'],
        ['""'],
        ['"unhealthy "'],
        ['"v=spf1 -all"'],
        ['"\\195\\164"'],
        ['"healthy"', '"unhealthy"'],
        ['"unhealthy"', '"something else"'],
    ],
)
def test_another_word_is_unknown_and_not_unhealthy(answer: Any, texts: list[str]) -> None:
    answer("TXT", *texts)
    assert probes.read_beacon("beacon.pilotlight.example") == "unknown"


@pytest.mark.parametrize("error", SILENCE, ids=repr)
def test_an_unanswered_beacon_is_unknown_and_not_unhealthy(answer: Any, error: Any) -> None:
    answer("TXT", error=error)
    assert probes.read_beacon("beacon.pilotlight.example") == "unknown"


# --- where a name leads --------------------------------------------------------------------------
def test_a_name_leads_to_its_target_without_the_last_dot(answer: Any) -> None:
    resolver = answer("CNAME", "origin-us-east-2.pilotlight.example.")
    assert dns_lookup.leads_to("app.pilotlight.example") == ["origin-us-east-2.pilotlight.example"]
    assert resolver.asked == [("app.pilotlight.example", "CNAME")]


@pytest.mark.parametrize("error", SILENCE, ids=repr)
def test_a_name_that_is_not_answered_leads_nowhere(answer: Any, error: Any) -> None:
    answer("CNAME", error=error)
    assert dns_lookup.leads_to("app.pilotlight.example") == []


# --- the resolver --------------------------------------------------------------------------------
def test_a_resolver_is_impatient_and_remembers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", lambda *_: None)
    resolver = dns_lookup.resolver(2.0)
    assert resolver.lifetime == 2.0
    assert resolver.cache is None


class Network:
    """What the network's resolver tells of name servers, and how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, float]] = []
        self.silent_about: set[str] = set()

    def resolve(self, resolver: dns.resolver.Resolver, name: str, kind: str) -> Any:
        if resolver.cache and (known := resolver.cache.data.get((name, kind))):  # type: ignore[union-attr, call-overload]
            return known
        self.asked.append((name, kind, resolver.lifetime))
        if name in self.silent_about:
            raise dns.resolver.LifetimeTimeout
        texts = NS if kind == "NS" else [f"192.0.2.{name[3]}"]
        found = dns.rrset.from_text(name, 60, "IN", kind, *texts)
        resolver.cache.data[name, kind] = found  # type: ignore[union-attr, index]
        return found


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    found = Network()

    def read_resolv_conf(resolver: dns.resolver.Resolver, _file: Any) -> None:
        resolver.nameservers = ["192.0.2.53"]

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", read_resolv_conf)
    monkeypatch.setattr(
        dns.resolver.Resolver, "resolve", lambda resolver, *asked: found.resolve(resolver, *asked)
    )
    monkeypatch.setattr(dns_lookup, "_NAME_SERVERS", dns.resolver.Cache())
    return found


@pytest.mark.usefixtures("network")
def test_two_of_a_zones_name_servers_are_asked_before_the_networks_resolver() -> None:
    resolver = dns_lookup.resolver_of(ZONE, 2.0)
    assert resolver.nameservers == ["192.0.2.1", "192.0.2.2", "192.0.2.53"]
    assert resolver.cache is None


def test_the_name_servers_are_found_once(network: Network) -> None:
    for _ in range(2):
        dns_lookup.resolver_of(ZONE, 2.0)
    assert [(name, kind) for name, kind, _ in network.asked] == [
        (ZONE, "NS"),
        ("ns-1.awsdns-1.com.", "A"),
        ("ns-2.awsdns-2.org.", "A"),
    ]


@pytest.mark.parametrize("silent", [ZONE, "ns-1.awsdns-1.com.", "ns-2.awsdns-2.org."])
def test_the_networks_resolver_is_asked_alone_while_a_name_server_is_not_found(
    network: Network, silent: str
) -> None:
    network.silent_about = {silent}
    assert dns_lookup.resolver_of(ZONE, 2.0).nameservers == ["192.0.2.53"]
    network.silent_about = set()
    assert len(dns_lookup.resolver_of(ZONE, 2.0).nameservers) == 3


@pytest.mark.parametrize("lifetime", [0.8, 2.0])
def test_the_search_and_the_question_end_within_the_lifetime(
    network: Network, lifetime: float
) -> None:
    resolver = dns_lookup.resolver_of(ZONE, lifetime)
    search = sum(seconds for _, _, seconds in network.asked)
    assert search + resolver.lifetime == pytest.approx(lifetime)
    assert resolver.timeout * len(resolver.nameservers) == pytest.approx(resolver.lifetime)


@pytest.mark.parametrize(
    ("ask", "nothing"), [(probes.read_beacon, "unknown"), (dns_lookup.leads_to, [])]
)
def test_a_function_without_a_resolver_gets_no_answer(
    monkeypatch: pytest.MonkeyPatch, ask: Any, nothing: Any
) -> None:
    def unconfigured(*_: Any) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", unconfigured)
    assert ask("app.pilotlight.example") == nothing
