"""DNS questions: what the answers mean, and what no answer means."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.resolver
import dns.rrset
import pytest
from pilotlight.sentinel import probes
from pilotlight.shared import dns_lookup

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
        return found

    return install


# --- the beacon ----------------------------------------------------------------------------------
@pytest.mark.parametrize("word", ["healthy", "unhealthy"])
def test_the_beacon_says_what_the_checkers_think(answer: Any, word: str) -> None:
    resolver = answer("TXT", f'"{word}"')
    assert probes.read_beacon("beacon.pilotlight.example") == word
    assert resolver.asked == [("beacon.pilotlight.example", "TXT")]


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
