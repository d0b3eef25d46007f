"""The switch as Route 53's checkers ask it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pilotlight.adapters.control_table import CachedControl
from pilotlight.domain.control import ControlItem
from pilotlight.warm_ping import ENVIRONMENT, ping

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import (
    CONTROL,
    PRIMARY,
    SECONDARY,
    FakeDynamoDB,
    aws_error,
    control_item,
    request_event,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE: Any = load_handler("switch")


@pytest.fixture
def table(fake: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDynamoDB]:
    monkeypatch.setattr(MODULE, "client", lambda _service: fake)
    MODULE.switch.cache_clear()
    yield fake
    MODULE.switch.cache_clear()


def ask(question: str) -> dict[str, Any]:
    return MODULE.lambda_handler(request_event("GET", f"/switch/{question}"), context("switch"))


def statuses() -> tuple[int, int]:
    return ask("on")["statusCode"], ask("off")["statusCode"]


@pytest.mark.parametrize(
    ("active", "expected"), [(SECONDARY, (200, 503)), (PRIMARY, (503, 200)), (None, (503, 503))]
)
def test_it_stands_as_the_control_item_says(
    table: FakeDynamoDB, active: str | None, expected: tuple[int, int]
) -> None:
    if active:
        table.put_item(CONTROL, control_item(active))
    assert statuses() == expected


@pytest.mark.parametrize(("question", "expected"), [("on", 503), ("off", 200)])
def test_a_checker_that_comes_by_the_function_url_gets_the_same_answer(
    table: FakeDynamoDB, question: str, expected: int
) -> None:
    table.put_item(CONTROL, control_item(PRIMARY))
    by_url = {"version": "2.0", "rawPath": f"/switch/{question}", "rawQueryString": ""}
    answer = MODULE.lambda_handler(by_url, context("switch"))
    assert answer == ask(question)
    assert answer["statusCode"] == expected


def test_it_says_where_it_stands_and_may_not_be_cached(table: FakeDynamoDB) -> None:
    table.put_item(CONTROL, control_item(SECONDARY))
    answer = ask("off")
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert json.loads(answer["body"]) == {"region": SECONDARY, "position": "on"}


def test_a_warm_ping_is_answered_without_the_table(table: FakeDynamoDB) -> None:
    answer = MODULE.lambda_handler(ping(0), context("switch"))
    assert answer == {"environment": ENVIRONMENT}
    assert table.calls == []


class Stumbling:
    """A control item whose reading can be made to fail."""

    def __init__(self, active: str | None) -> None:
        self.item = ControlItem(active, 1, "serving") if active else None
        self.switch = MODULE.Switch(CachedControl(lambda: self.item, seconds=0), SECONDARY)

    def stumble(self) -> None:
        self.item = None

    def statuses(self) -> tuple[int, int]:
        on, off = self.switch.ask("on"), self.switch.ask("off")
        return on["statusCode"], off["statusCode"]


@pytest.mark.parametrize(("active", "expected"), [(SECONDARY, (200, 503)), (PRIMARY, (503, 200))])
def test_a_stumbling_table_does_not_move_traffic(active: str, expected: tuple[int, int]) -> None:
    table = Stumbling(active)
    assert table.statuses() == expected
    table.stumble()
    assert [table.statuses(), table.statuses()] == [expected, expected]


def test_a_new_environment_that_cannot_read_knows_nothing() -> None:
    assert Stumbling(None).statuses() == (503, 503)


def test_it_turns_when_the_table_answers_again() -> None:
    table = Stumbling(PRIMARY)
    table.statuses()
    table.stumble()
    table.statuses()
    table.item = ControlItem(SECONDARY, 2, "serving")
    assert table.statuses() == (200, 503)


def test_a_table_that_throttles_is_no_error_of_the_switch(table: FakeDynamoDB) -> None:
    table.failing["get_item"] = aws_error("ThrottlingException")
    assert statuses() == (503, 503)


def test_the_item_is_read_once_for_the_questions_of_a_second(table: FakeDynamoDB) -> None:
    table.put_item(CONTROL, control_item(PRIMARY))
    for _ in range(5):
        statuses()
    assert len(table.asked("get_item")) <= 2
