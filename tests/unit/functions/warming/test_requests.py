"""Requests of paths: side by side, bounded in time, and counted as answers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pilot_light_client import http
from pilotlight.warming.paths import Requested, counted, is_path
from pilotlight.warming.requests import SECONDS, request_paths, warm_all

from tests.unit.functions.fakes import FakeLambda

if TYPE_CHECKING:
    import pytest

HOST = "us-east-2.pilotlight.example"


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=4)


def test_answers_below_400_are_counted_and_the_commonest_other_outcome_is_the_reason() -> None:
    assert counted("/a", [200, 204, 302]) == Requested("/a", 3, 3)
    assert counted("/a", [200, 403, 403, "TimeoutError"]) == Requested("/a", 4, 1, "answered 403")
    assert counted("/a", ["TimeoutError: late", 500, "TimeoutError: late"]) == Requested(
        "/a", 3, 0, "TimeoutError: late"
    )
    assert (counted("/a", []).short, counted("/a", [503]).short) == (0, 1)


def test_a_path_is_told_from_a_function_by_its_beginning() -> None:
    arn = "arn:aws:lambda:us-east-2:123456789012:function:shop-orders:live"
    assert [is_path(t) for t in ("/", "/orders", "shop-orders:live", arn)] == [
        True,
        True,
        False,
        False,
    ]


def test_all_requests_overlap_and_say_who_sends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    together, sent = threading.Barrier(6, timeout=5), list[Any]()

    def request(method: str, url: str, **more: Any) -> http.Response:
        sent.append((method, url, more))
        together.wait()
        return http.Response(200, b"", {}, 0.1)

    monkeypatch.setattr(http, "request", request)
    found = request_paths(HOST, ["/a", "/b"], 3, soon())
    assert found == [Requested("/a", 3, 3), Requested("/b", 3, 3)]
    assert {url for _, url, _ in sent} == {f"https://{HOST}/a", f"https://{HOST}/b"}
    agent = {"User-Agent": "pilot-light-warming"}
    assert all((m, o) == ("GET", {"timeout": SECONDS, "headers": agent}) for m, _, o in sent)


def test_a_path_that_nobody_answers_spoils_neither_the_other_nor_the_functions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def request(_method: str, url: str, **_: Any) -> http.Response:
        if url.endswith("/gone"):
            raise http.Unreachable("ConnectionRefusedError")
        return http.Response(200, b"", {}, 0.1)

    monkeypatch.setattr(http, "request", request)
    client: Any = FakeLambda({"app:live": lambda _event: {"environment": "one"}})
    targets = ["app:live", "/gone", "/a"]
    found = warm_all(client, HOST, targets, 1, soon(), 20)
    assert (found["ok"], found["functions"], found["environments"]) == (False, 1, 1)
    assert [(p["path"], p["answered"], p["why"]) for p in found["paths"]] == [
        ("/gone", 0, "ConnectionRefusedError"),
        ("/a", 1, ""),
    ]


def test_no_request_begins_when_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(http, "request")
    (found,) = request_paths(HOST, ["/a"], 3, datetime.now(UTC))
    assert found == Requested("/a", 3, 0, "There was no time left to request it.")
