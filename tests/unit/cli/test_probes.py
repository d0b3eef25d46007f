"""Own probes: where they connect to, and what an answer means."""

from __future__ import annotations

from typing import Any

import click
import dns.exception
import dns.resolver
import pytest
from pilot_light_client import http

from cli.probes import Network, Probe, address, beacon, connections, named_region, probe

NAME, PAIR = "app.pilotlight.example", ("us-west-2", "us-east-2")


class Record:
    def __init__(self, text: str) -> None:
        self.strings = [text.encode()]
        self.to_text = lambda: text


def resolves(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    """Let every name server answer so; without texts, none answers."""

    def resolve(*_arguments: Any) -> list[Record]:
        if not texts:
            raise dns.exception.Timeout
        return [Record(text) for text in texts]

    monkeypatch.setattr(dns.resolver.Resolver, "resolve", resolve)


def answers(monkeypatch: pytest.MonkeyPatch, answer: http.Response | Exception) -> list[Any]:
    asked: list[Any] = []

    def request(method: str, url: str, **more: Any) -> http.Response:
        asked.append((url, more["at"], more["headers"]))
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(http, "request", request)
    return asked


def test_a_good_answer_names_its_region(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, http.Response(200, b'{"region": "us-east-2"}', {}, 0.0421))
    found = probe(Network(), NAME, "/health", PAIR)
    assert found == Probe(NAME, True, 200, "us-east-2", 0.042)
    assert asked == [(f"https://{NAME}:443/health", NAME, {"Host": NAME})]


def test_anything_but_200_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, http.Response(301, b"", {}, 0.1))
    found = probe(Network(), NAME, "/health", PAIR)
    assert (found.ok, found.status, found.error) == (False, 301, "HTTP status 301")


def test_no_answer_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, http.Unreachable("TimeoutError: the time is up"))
    assert probe(Network(), NAME, "/health", PAIR).error == "TimeoutError: the time is up"


def test_with_a_resolver_a_name_is_reached_where_its_address_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = answers(monkeypatch, http.Response(200, b"", {}, 0.1))
    resolves(monkeypatch, "127.0.1.2", "127.0.1.1")
    network = Network(("127.0.0.1", 5354), connections(["127.0.1.1=127.0.0.1:8441"]))
    assert probe(network, NAME, "/health", PAIR).ok
    assert asked == [(f"https://{NAME}:8441/health", "127.0.0.1", {"Host": NAME})]
    assert Network(("127.0.0.1", 5354)).place(NAME) == ("127.0.1.2", 443)
    assert Network(connect_to={NAME: ("10.0.0.1", 8)}).place(NAME) == ("10.0.0.1", 8)


def test_a_name_without_an_address_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves(monkeypatch)
    found = probe(Network(("127.0.0.1", 5354)), NAME, "/health", PAIR)
    assert (found.ok, found.error) == (False, "the name has no address (Timeout)")


@pytest.mark.parametrize(
    ("texts", "verdict"),
    [(["healthy"], "healthy"), (["unhealthy"], "unhealthy"), (["x"], "unknown"), ([], "unknown")],
)
def test_the_beacon_is_what_its_record_says(
    monkeypatch: pytest.MonkeyPatch, texts: list[str], verdict: str
) -> None:
    resolves(monkeypatch, *texts)
    assert beacon(Network(("127.0.0.1", 5354)), "beacon.pilotlight.example") == verdict


@pytest.mark.parametrize("body", [None, [], "us-east-2", {"region": "eu-west-1"}, {"n": 1}])
def test_an_answer_without_one_of_the_regions_names_none(body: Any) -> None:
    assert named_region(body, PAIR) is None


def test_an_address_is_read_with_its_port() -> None:
    assert address("127.0.0.1:5354") == ("127.0.0.1", 5354)
    assert address("192.0.2.1", 53) == ("192.0.2.1", 53)
    for text in ("192.0.2.1", "192.0.2.1:x", ""):
        with pytest.raises(click.BadParameter):
            address(text)
