"""Whether the sentinel starts the machine: backoff, names, holds, pauses and drills."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pilotlight.failover.request import REQUEST_SCHEMA
from pilotlight.sentinel.level import Outage, valid_end
from pilotlight.shared.validation import violation

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
FIRST = "2026-01-31T11:59:55.123Z"


def started(attempts: int, ago: float) -> Outage:
    at = (NOW - timedelta(seconds=ago)).isoformat()
    return Outage(FIRST, attempts, at, "arn:run")


def test_an_outage_for_which_nothing_was_started_is_due() -> None:
    assert Outage(FIRST).due(NOW)
    assert started(0, 0).due(NOW)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 15), (6, 15), (50, 15)]
)
def test_restarts_come_after_longer_and_longer_pauses_and_never_end(
    attempts: int, minutes: int
) -> None:
    assert not started(attempts, minutes * 60 - 1).due(NOW)
    assert started(attempts, minutes * 60).due(NOW)


def test_in_the_first_hour_there_are_seven_starts() -> None:
    at, outage, starts = NOW, Outage(FIRST), 0
    while at < NOW + timedelta(hours=1):
        if outage.due(at):
            starts += 1
            outage = replace(outage, attempts=starts, last_started_at=at.isoformat())
        at += timedelta(seconds=10)
    assert starts == 7


def test_a_start_from_the_future_holds_up_nothing() -> None:
    assert not started(1, -0.9).due(NOW), "clocks differ by a little"
    assert started(1, -30).due(NOW)


def test_each_attempt_has_one_name_and_one_input() -> None:
    outage = started(2, 0)
    assert outage.name == "20260131T115955123Z-3"
    assert outage.request() == replace(outage, execution=None).request()
    assert outage.request()["outage"] == {"first_failed_at": FIRST, "attempt": 3}
    assert violation(outage.request(), REQUEST_SCHEMA) is None


@pytest.mark.parametrize(
    ("seconds", "believed_in"), [(600, True), (86_400, True), (86_461, False), (0, False)]
)
def test_a_pause_and_a_drill_last_a_day_at_most(seconds: int, believed_in: bool) -> None:
    found = valid_end(int(NOW.timestamp()) + seconds, NOW)
    assert found == (NOW + timedelta(seconds=seconds) if believed_in else None)


@pytest.mark.parametrize("value", ["soon", "9" * 30, "", None, 1.5, "-1"])
def test_a_pause_that_cannot_be_read_is_none(value: object) -> None:
    assert valid_end(value, NOW) is None
