"""What a drill asks one Region by its own name: which items it holds."""

from __future__ import annotations

import pytest
import urllib3

from lab.drill.users.traffic import listed_items
from tests.unit.lab.drill.users.web import FakeHttps, answer
from tests.unit.lab.engine.fakes import CONFIG, SECONDARY


def page(*ids: str, following: str | None = None) -> urllib3.HTTPResponse:
    return answer(200, {"items": [{"id": i} for i in ids], "next": following})


def test_the_items_of_every_page_are_held() -> None:
    https = FakeHttps(page("a", "b", following="WzEsICJiIl0="), page(following="x"), page("c"))
    assert listed_items(https, CONFIG, SECONDARY) == {"a", "b", "c"}
    assert [path for _, _, _, path, _ in https.asked] == [
        "/items?limit=200",
        "/items?limit=200&next=WzEsICJiIl0=",
        "/items?limit=200&next=x",
    ]
    assert {host for _, host, *_ in https.asked} == {"us-east-2.pilotlight.example"}


def test_a_region_may_hold_nothing() -> None:
    assert listed_items(FakeHttps(page()), CONFIG, SECONDARY) == frozenset()


@pytest.mark.parametrize(
    "failure",
    [
        answer(503, {"error": {"code": "Draining"}}),
        answer(200, "not a page"),
        answer(200, {"items": []}),
        urllib3.HTTPResponse(b"<html>", {}, 200),
        urllib3.exceptions.ProtocolError("gone"),
        ConnectionResetError(),
    ],
    ids=["an error", "no page", "no cursor", "no JSON", "a lost connection", "a reset"],
)
def test_what_a_region_holds_is_unknown_when_a_page_fails(
    failure: urllib3.HTTPResponse | Exception,
) -> None:
    assert listed_items(FakeHttps(page("a", following="x"), failure), CONFIG, SECONDARY) is None
