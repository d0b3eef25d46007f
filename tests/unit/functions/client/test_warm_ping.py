"""The warm ping: answered before anything else, and only when it is one."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pilot_light_client.warm_ping import ENVIRONMENT, MAX_HOLD_MS, answers_warm_pings, ping

from tests.handlers import context, load_handler

HANDLED = {"handled": True}


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    return found


@answers_warm_pings
def handler(_event: Any, _context: Any) -> Any:
    """Say that it was reached."""
    return HANDLED


@pytest.mark.parametrize(
    ("hold_ms", "seconds"), [(0, 0), (300, 0.3), (MAX_HOLD_MS, 1.0), (60_000, 1.0), (-5, 0)]
)
def test_a_ping_holds_its_environment_for_a_bounded_time(
    slept: list[float], hold_ms: int, seconds: float
) -> None:
    assert handler(ping(hold_ms), None) == {"environment": ENVIRONMENT}
    assert slept == [seconds]


def test_a_ping_that_names_no_time_does_not_wait(slept: list[float]) -> None:
    assert handler({"pilot_light": {"warm": {}}}, None) == {"environment": ENVIRONMENT}
    assert slept == [0]


@pytest.mark.parametrize(
    "event",
    [{}, {"pilot_light": {}}, {"pilot_light": {"cold": {}}}, {"path": "/items"}, None, [], "x"],
)
def test_anything_else_reaches_the_handler_at_once(slept: list[float], event: Any) -> None:
    assert handler(event, None) is HANDLED
    assert slept == []


def test_the_handler_keeps_its_name() -> None:
    assert handler.__name__ == "handler"
    assert handler.__doc__ == "Say that it was reached."


def test_an_environment_answers_under_one_name(slept: list[float]) -> None:
    assert handler(ping(0), None) == handler(ping(0), None)


@pytest.mark.parametrize(
    "name", ["intake", "confirm", "readiness", "warm", "decide", "traffic", "report"]
)
def test_every_function_of_the_recovery_path_answers_pings_and_does_nothing_else(name: str) -> None:
    answer = load_handler(name).lambda_handler(ping(0), context(name))
    assert set(answer) == {"environment"}
