"""The switch as Route 53's checkers ask it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from pilot_light_client.warm_ping import ENVIRONMENT, ping
from pilotlight.control import assembly

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import (
    CONTROL,
    LAST_RESORT,
    PRIMARY,
    SECONDARY,
    FakeDynamoDB,
    aws_error,
    control_item,
    request_event,
)

MODULE: Any = load_handler("switch")


@pytest.fixture
def table(fake: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch) -> FakeDynamoDB:
    monkeypatch.setattr(assembly, "best_effort_client", lambda: fake)
    monkeypatch.setattr(MODULE, "SWITCH", load_handler("switch").SWITCH)
    return fake


def ask(question: str) -> dict[str, Any]:
    return MODULE.lambda_handler(request_event("GET", f"/switch/{question}"), context("switch"))


def statuses() -> tuple[int, int]:
    return ask("on")["statusCode"], ask("off")["statusCode"]


@pytest.mark.parametrize("state", ["serving", "claimed", "draining"])
@pytest.mark.parametrize(("active", "expected"), [(SECONDARY, (200, 503)), (PRIMARY, (503, 200))])
def test_it_stands_as_the_control_item_says(
    table: FakeDynamoDB, active: str, state: str, expected: tuple[int, int]
) -> None:
    table.put_item(CONTROL, control_item(active, 1, state))
    assert statuses() == expected


def test_without_a_control_item_it_says_yes_to_nothing(table: FakeDynamoDB) -> None:
    assert statuses() == (503, 503)


def test_on_asks_the_quorum_and_off_the_regions_own_copy(table: FakeDynamoDB) -> None:
    table.put_item(CONTROL, control_item(PRIMARY))
    statuses()
    reads = [given for given in table.asked("get_item") if given["TableName"] == CONTROL]
    assert [given["ConsistentRead"] for given in reads] == [True, False]


def test_a_silent_quorum_keeps_an_active_region_on_and_turns_nobody_off(
    table: FakeDynamoDB,
) -> None:
    table.put_item(CONTROL, control_item(SECONDARY))
    assert statuses() == (200, 503)
    table.failing["get_item"] = aws_error("InternalServerError")
    assert statuses() == (200, 503)


def test_a_new_environment_that_cannot_read_says_yes_to_nothing(table: FakeDynamoDB) -> None:
    table.put_item(CONTROL, control_item(SECONDARY))
    table.failing["get_item"] = aws_error("ThrottlingException")
    assert statuses() == (503, 503)


def test_a_last_resort_turns_it_on_where_the_quorum_is_silent(
    table: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.put_item(CONTROL, control_item(PRIMARY))
    read = table.get_item

    def silent(TableName: str, ConsistentRead: bool, **given: Any) -> Any:
        if TableName == CONTROL and ConsistentRead:
            raise aws_error("InternalServerError")
        return read(TableName, ConsistentRead=ConsistentRead, **given)

    monkeypatch.setattr(table, "get_item", silent)
    assert statuses() == (503, 200)
    granted = {"until": {"N": str(int(time.time()) + 60)}, "epoch": {"N": "2"}, "by": {"S": "Ada"}}
    table.put_item(LAST_RESORT, {"pk": {"S": "last-resort"}, **granted})
    assert statuses() == (200, 503)


@pytest.mark.parametrize(("question", "expected"), [("on", 503), ("off", 200)])
def test_a_checker_that_comes_by_the_function_url_gets_the_same_answer(
    table: FakeDynamoDB, question: str, expected: int
) -> None:
    table.put_item(CONTROL, control_item(PRIMARY))
    by_url = {"version": "2.0", "rawPath": f"/switch/{question}", "rawQueryString": ""}
    answer = MODULE.lambda_handler(by_url, context("switch"))
    assert answer == ask(question)
    assert answer["statusCode"] == expected


def test_it_says_what_was_asked_and_answered_and_may_not_be_cached(table: FakeDynamoDB) -> None:
    table.put_item(CONTROL, control_item(SECONDARY))
    answer = ask("off")
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert json.loads(answer["body"]) == {"region": SECONDARY, "off": False}


def test_a_warm_ping_is_answered_without_the_table(table: FakeDynamoDB) -> None:
    answer = MODULE.lambda_handler(ping(0), context("switch"))
    assert answer == {"environment": ENVIRONMENT}
    assert table.calls == []
