"""Trials: what counts as well, and that a failure is evidence and no error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pilotlight.control.table import ControlTable, ControlUnread
from pilotlight.readiness.trials import NotWell, answers, certificate, endpoint, quorum, tried
from pilotlight.readiness.verdict import Check
from pilotlight.shared import http

from tests.unit.functions.fakes import CONTROL, FakeDynamoDB, FakeLambda, aws_error, control_item

HOST = "us-west-2.pilotlight.example"


@pytest.mark.parametrize("status", [200, 404])
def test_a_function_is_well_if_it_answers_as_it_should(status: int) -> None:
    client = FakeLambda({"app:live": lambda _event: {"statusCode": status}})
    assert answers(client, "app:live", "/health", {200, 404}) == f"GET /health answered {status}"
    assert client.payloads[0]["rawPath"] == "/health"


@pytest.mark.parametrize("status", [301, 404, 503])
def test_a_function_that_answers_otherwise_is_not_well(status: int) -> None:
    client = FakeLambda({"app:live": lambda _event: {"statusCode": status}})
    with pytest.raises(NotWell, match=rf"GET /health answered {status}\."):
        answers(client, "app:live", "/health", {200})


def test_the_quorum_is_tried_by_a_strong_read_and_nothing_is_written(fake: FakeDynamoDB) -> None:
    fake.tables[CONTROL] = {("control", ""): control_item("us-west-2", 3, "claimed")}
    assert quorum(ControlTable(fake, CONTROL)) == "us-west-2 claimed in epoch 3, by a strong read"
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
        assert "serving in epoch 3" in quorum(ControlTable(fake, CONTROL))
        return
    with pytest.raises(ControlUnread):
        quorum(ControlTable(fake, CONTROL))


@pytest.mark.parametrize("status", [199, 201, 301, 503])
def test_an_endpoint_is_well_only_with_200(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    asked, given = list[tuple[str, str]](), [200, status]

    def request(method: str, url: str, timeout: float) -> http.Response:
        asked.append((method, url))
        return http.Response(given.pop(0), b"", {}, timeout)

    monkeypatch.setattr(http, "request", request)
    assert endpoint(HOST) == f"https://{HOST}/health answered 200"
    with pytest.raises(NotWell, match=f"answered {status}"):
        endpoint(HOST)
    assert asked == [("GET", f"https://{HOST}/health")] * 2


def test_a_certificate_has_to_last_for_a_week(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = datetime.now(UTC) + timedelta(days=7, minutes=1)
    monkeypatch.setattr(http, "certificate_end", lambda _host, **_: ends)
    assert certificate(HOST) == f"ends on {ends:%Y-%m-%d}"
    ends -= timedelta(minutes=2)
    with pytest.raises(NotWell, match=f"The certificate ends on {ends:%Y-%m-%d}"):
        certificate(HOST)


def test_what_worked_is_a_check_with_its_detail_and_its_time() -> None:
    found = tried(("items_table", True, lambda: "put and read"))
    assert (found.name, found.required, found.ok) == ("items_table", True, True)
    assert found.detail == "put and read"
    assert 0 <= found.seconds < 1


@pytest.mark.parametrize(
    "error",
    [aws_error("Throttled"), http.Unreachable("refused"), NotWell("x"), KeyError("statusCode")],
)
@pytest.mark.parametrize("is_required", [True, False])
def test_whatever_goes_wrong_is_evidence_under_its_name(
    error: Exception, is_required: bool
) -> None:
    def fail() -> Any:
        raise error

    found = tried(("endpoint", is_required, fail))
    assert isinstance(found, Check)
    assert (found.ok, found.required) == (False, is_required)
    assert found.detail == f"{type(error).__name__}: {error}"
