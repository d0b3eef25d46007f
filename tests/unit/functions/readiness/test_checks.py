"""Checks: what passes, and that a failure is a result and no error."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pilot_light_client import http
from pilot_light_client.control_table import ControlUnread
from pilotlight.control.table import ControlTable
from pilotlight.readiness.checks import answers, certificate, endpoint, quorum, run
from pilotlight.readiness.verdict import CheckResult

from tests.unit.functions.fakes import CONTROL, FakeDynamoDB, FakeLambda, aws_error, control_item

HOST = "us-west-2.pilotlight.example"


@pytest.mark.parametrize(("status", "state"), [(200, "ok"), (301, "failed"), (503, "failed")])
def test_a_function_has_to_answer_200(status: int, state: str) -> None:
    client = FakeLambda({"app:live": lambda _event: {"statusCode": status}})
    assert answers(client, "app:live", "/health") == (state, f"GET /health answered {status}")
    assert client.payloads[0]["rawPath"] == "/health"


@pytest.mark.parametrize(("bad", "state"), [(0, "ok"), (1, "ok"), (2, "failed")])
def test_one_bad_answer_of_a_function_vetoes_nothing_and_two_do(bad: int, state: str) -> None:
    """The switch has one short try at its table, and a veto keeps users waiting for 15 s."""
    left = [503] * bad
    client = FakeLambda({"switch:live": lambda _event: {"statusCode": left.pop() if left else 200}})
    assert answers(client, "switch:live", "/switch/off")[0] == state
    assert len(client.payloads) == min(bad + 1, 2)


def test_the_quorum_is_tried_by_a_strong_read_and_nothing_is_written(fake: FakeDynamoDB) -> None:
    fake.tables[CONTROL] = {("control", ""): control_item("us-west-2", 3, "claimed")}
    detail = "us-west-2 claimed in epoch 3, by a strong read"
    assert quorum(ControlTable(fake, CONTROL)) == ("ok", detail)
    assert [(name, given["ConsistentRead"]) for name, given in fake.calls] == [("get_item", True)]


@pytest.mark.parametrize(("silent", "ready"), [(1, True), (2, True), (3, False)])
def test_a_slow_answer_of_the_quorum_vetoes_nothing_and_three_do(
    fake: FakeDynamoDB, silent: int, ready: bool
) -> None:
    fake.tables[CONTROL] = {("control", ""): control_item("us-west-2", 3)}
    left = [aws_error("InternalServerError")] * silent

    def stumble(_operation: str) -> None:
        if left:
            raise left.pop()

    fake.interrupt = stumble
    if ready:
        assert "serving in epoch 3" in quorum(ControlTable(fake, CONTROL))[1]
        return
    with pytest.raises(ControlUnread):
        quorum(ControlTable(fake, CONTROL))


@pytest.mark.parametrize(
    ("status", "state", "tries"),
    [(200, "ok", 1), (199, "failed", 2), (201, "failed", 2), (301, "failed", 2)],
)
def test_an_endpoint_has_to_answer_200(
    monkeypatch: pytest.MonkeyPatch, status: int, state: str, tries: int
) -> None:
    requests: list[tuple[str, str, float]] = []

    def request(method: str, url: str, timeout: float) -> http.Response:
        requests.append((method, url, timeout))
        return http.Response(status, b"", {}, timeout)

    monkeypatch.setattr(http, "request", request)
    url = f"https://{HOST}/health"
    assert endpoint(url) == (state, f"{url} answered {status}")
    assert requests == [("GET", f"https://{HOST}/health", 2.0)] * tries


@pytest.mark.parametrize(("bad", "ready"), [(0, True), (1, True), (2, False)])
@pytest.mark.parametrize("answer", [http.Unreachable("timed out"), http.Response(503, b"", {}, 0)])
def test_an_endpoint_that_is_dormant_or_stumbles_has_a_second_try(
    monkeypatch: pytest.MonkeyPatch, bad: int, ready: bool, answer: Any
) -> None:
    answers: list[Any] = [answer] * bad
    answers += [http.Response(200, b"", {}, 0.1)]

    def request(*_: Any, **__: Any) -> http.Response:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(http, "request", request)
    assert run(("endpoint", True, lambda: endpoint(HOST))).state == ("ok" if ready else "failed")


@pytest.mark.parametrize(("minutes", "state"), [(1, "ok"), (-1, "failed")])
def test_a_certificate_has_to_last_for_some_days(
    monkeypatch: pytest.MonkeyPatch, minutes: int, state: str
) -> None:
    ends = datetime.now(UTC) + timedelta(days=7, minutes=minutes)
    monkeypatch.setattr(http, "certificate_end", lambda _host, **_: ends)
    assert certificate(HOST, days=7) == (state, f"ends on {ends:%Y-%m-%d}")


def test_what_worked_is_a_result_with_its_detail_and_its_time() -> None:
    result = run(("items_table", True, lambda: ("ok", "put and read")))
    assert 0 <= result.seconds < 1
    assert replace(result, seconds=0) == CheckResult("items_table", True, "ok", "put and read")


@pytest.mark.parametrize(
    "error", [aws_error("Throttled"), http.Unreachable("refused"), KeyError("statusCode")]
)
@pytest.mark.parametrize("required", [True, False])
def test_an_exception_is_a_result_under_the_name_of_the_check(
    error: Exception, required: bool
) -> None:
    def fail() -> Any:
        raise error

    for on_error in ("failed", "unknown"):
        result = run(("endpoint", required, fail), on_error)
        detail = f"{type(error).__name__}: {error}"
        assert replace(result, seconds=0) == CheckResult("endpoint", required, on_error, detail)
