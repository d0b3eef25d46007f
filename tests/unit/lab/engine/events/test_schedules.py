"""Schedules, as MiniStack keeps them: when each begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ministack.services import eventbridge, scheduler

from lab.engine.events import schedules
from tests.unit.lab.engine.fakes import FakeAws

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = {"Arn": "arn:aws:lambda:us-east-2:000000000000:function:f", "RoleArn": "arn:aws:iam:::r"}


@pytest.fixture
def fired(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The schedules whose target was invoked, by name."""
    found: list[str] = []
    for module, names in (
        (scheduler, ("_create_schedule", "_SCHEDULE_TICK_INTERVAL")),
        (eventbridge, ("_parse_rate_seconds", "_SCHEDULER_TICK_INTERVAL")),
    ):
        for name in names:
            # What is installed is taken back after the test.
            monkeypatch.setattr(module, name, getattr(module, name))
    monkeypatch.setattr(
        eventbridge, "_invoke_target", lambda _to, _event, by: found.append(by["Name"])
    )
    schedules.install(FakeAws(eventbridge=eventbridge, scheduler=scheduler))
    yield found
    scheduler.reset()


def create(name: str, expression: str, **more: Any) -> None:
    body = {
        "ScheduleExpression": expression,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": TARGET,
        **more,
    }
    assert scheduler._create_schedule(name, body)[0] == 200


def test_a_rate_begins_at_once_and_then_keeps_its_interval(fired: list[str]) -> None:
    create("watch", "rate(1 minute)")
    scheduler._tick_schedules()
    scheduler._tick_schedules()
    assert fired == ["watch"]


def test_a_rate_that_was_deleted_and_made_again_begins_at_once(fired: list[str]) -> None:
    for _ in range(2):
        create("watch", "rate(1 minute)")
        scheduler._tick_schedules()
        scheduler._delete_schedule("watch", {})
    assert fired == ["watch", "watch"]


def test_a_calendar_waits_for_its_moment(fired: list[str]) -> None:
    create("rehearse", "cron(0 10 ? * TUE *)")
    scheduler._tick_schedules()
    assert fired == []


def test_a_rate_with_a_start_date_is_left_to_it(fired: list[str]) -> None:
    create("later", "rate(1 minute)", StartDate=4_000_000_000)
    scheduler._tick_schedules()
    assert fired == []
