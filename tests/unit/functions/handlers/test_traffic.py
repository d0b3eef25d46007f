"""Traffic: confirmed only when DNS and the answer through the public name agree."""

from __future__ import annotations

from typing import Any

import pytest
from pilot_light_client import http
from pilotlight.shared import dns_lookup

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import PRIMARY, SECONDARY

MODULE: Any = load_handler("traffic")
PUBLIC = "app.pilotlight.example"
MOVED = f"origin-{SECONDARY}.pilotlight.example"
GOOD = f'{{"region": "{SECONDARY}"}}'.encode()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {
        "dns": [MOVED],
        "answer": http.Response(200, GOOD, {}, 0.1),
        "asked": [],
    }

    def request(method: str, url: str, **_: Any) -> http.Response:
        found["asked"].append((method, url))
        if isinstance(found["answer"], Exception):
            raise found["answer"]
        return found["answer"]

    monkeypatch.setattr(dns_lookup, "leads_to", lambda name: found["dns"] if name == PUBLIC else [])
    monkeypatch.setattr(http, "request", request)
    return found


def confirm() -> dict[str, Any]:
    return MODULE.lambda_handler({"expect_region": SECONDARY}, context("traffic"))


def test_traffic_that_moved_is_confirmed_end_to_end(world: dict[str, Any]) -> None:
    found = confirm()
    assert found.pop("seconds") >= 0
    assert found == {"region": SECONDARY, "dns": [MOVED], "status": 200}
    assert world["asked"] == [("GET", f"https://{PUBLIC}/health")]


@pytest.mark.parametrize(
    "leads_to",
    [
        [],
        [f"origin-{PRIMARY}.pilotlight.example"],
        [MOVED, f"origin-{PRIMARY}.pilotlight.example"],
        [f"{SECONDARY}.pilotlight.example"],
    ],
)
def test_a_name_that_leads_elsewhere_has_not_moved_whoever_answers(
    world: dict[str, Any], leads_to: list[str]
) -> None:
    world["dns"] = leads_to
    with pytest.raises(MODULE.TrafficNotMoved, match=f"{PUBLIC} leads to"):
        confirm()
    assert world["asked"] == []


def test_a_name_that_leads_nowhere_says_so(world: dict[str, Any]) -> None:
    world["dns"] = []
    with pytest.raises(MODULE.TrafficNotMoved, match="leads to nothing"):
        confirm()


@pytest.mark.parametrize("status", [301, 403, 404, 500, 503])
def test_an_answer_that_is_not_good_is_none(world: dict[str, Any], status: int) -> None:
    world["answer"] = http.Response(status, GOOD, {}, 0.1)
    with pytest.raises(MODULE.TrafficNotMoved, match=str(status)):
        confirm()


@pytest.mark.parametrize(
    "body",
    [
        f'{{"region": "{PRIMARY}"}}'.encode(),
        b'{"region": null}',
        b"{}",
        b"[]",
        b'["region"]',
        b'"well"',
        b"5",
        b"null",
        b"<html>",
        b"",
    ],
)
def test_an_answer_of_anybody_else_has_not_moved(world: dict[str, Any], body: bytes) -> None:
    world["answer"] = http.Response(200, body, {}, 0.1)
    with pytest.raises(MODULE.TrafficNotMoved, match="answered 200 from"):
        confirm()


def test_a_name_at_which_nobody_answers_has_not_moved(world: dict[str, Any]) -> None:
    world["answer"] = http.Unreachable("TimeoutError: slow")
    with pytest.raises(MODULE.TrafficNotMoved, match="TimeoutError: slow"):
        confirm()
