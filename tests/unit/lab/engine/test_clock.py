"""The lab's clock and what hangs on it."""

from __future__ import annotations

from lab.engine.clock import Clock
from lab.engine.events import schedules
from tests.unit.lab.engine.fakes import Anything, FakeAws


def test_at_speed_one_an_interval_lasts_as_long_as_on_aws() -> None:
    assert Clock().real(30) == 30


def test_the_speed_divides_awss_intervals() -> None:
    assert Clock(6).real(30) == 5


def test_a_change_of_the_speed_counts_from_the_next_interval_on() -> None:
    clock = Clock()
    clock.speed = 10
    assert clock.real(60) == 6


def scheduled(speed: float) -> FakeAws:
    rates = {"rate(1 minute)": 60, "nonsense": None}
    aws = FakeAws(
        eventbridge=Anything(_parse_rate_seconds=rates.get),
        scheduler=Anything(_create_schedule=None),
    )
    aws.clock.speed = speed
    schedules.install(aws)
    return aws


def test_a_schedules_rate_follows_the_speed() -> None:
    assert scheduled(4).eventbridge._parse_rate_seconds("rate(1 minute)") == 15


def test_an_expression_that_is_no_rate_stays_none() -> None:
    assert scheduled(4).eventbridge._parse_rate_seconds("nonsense") is None


def test_schedules_are_swept_more_often_than_a_second() -> None:
    aws = scheduled(1)
    assert aws.scheduler._SCHEDULE_TICK_INTERVAL < 1
    assert aws.eventbridge._SCHEDULER_TICK_INTERVAL < 1
