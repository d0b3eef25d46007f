"""What a drill asks one Region by its own name: who takes a write, and which items it holds."""

from __future__ import annotations

import pytest
import urllib3

from lab.drill.observations import Answered
from lab.drill.traffic import held, write_to
from tests.unit.lab.drill.web import FakeHttps, answer
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY


def page(*ids: str, following: str | None = None) -> urllib3.HTTPResponse:
    return answer(200, {"items": [{"id": i} for i in ids], "next": following})


def test_a_forwarded_write_names_who_served_and_who_forwarded() -> None:
    https = FakeHttps(answer(201, X_Served_By=SECONDARY, X_Forwarded_By_Region=PRIMARY))
    assert write_to(https, CONFIG, PRIMARY, 1) == [Answered(201, SECONDARY, PRIMARY)]
    region, host, method, path, _ = https.asked[0]
    assert (region, host) == (PRIMARY, "us-west-2.pilotlight.example")
    assert (method, path) == ("POST", "/items")


def test_each_write_is_an_item_of_its_own() -> None:
    https = FakeHttps(answer(201))
    write_to(https, CONFIG, PRIMARY, 10)
    assert len({item["id"] for *_, item in https.asked}) == 10


def test_a_write_that_is_refused_or_lost_does_not_end_the_others() -> None:
    lost = urllib3.exceptions.ProtocolError("gone")
    https = FakeHttps(lost, OSError(), answer(503), answer(201, X_Served_By=PRIMARY))
    assert write_to(https, CONFIG, PRIMARY, 4) == [
        Answered(0, None, None),
        Answered(0, None, None),
        Answered(503, None, None),
        Answered(201, PRIMARY, None),
    ]


def test_the_items_of_every_page_are_held() -> None:
    https = FakeHttps(page("a", "b", following="WzEsICJiIl0="), page(following="x"), page("c"))
    assert held(https, CONFIG, SECONDARY) == {"a", "b", "c"}
    assert [path for _, _, _, path, _ in https.asked] == [
        "/items?limit=200",
        "/items?limit=200&next=WzEsICJiIl0=",
        "/items?limit=200&next=x",
    ]
    assert {host for _, host, *_ in https.asked} == {"us-east-2.pilotlight.example"}


def test_a_region_may_hold_nothing() -> None:
    assert held(FakeHttps(page()), CONFIG, SECONDARY) == frozenset()


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
    assert held(FakeHttps(page("a", following="x"), failure), CONFIG, SECONDARY) is None
