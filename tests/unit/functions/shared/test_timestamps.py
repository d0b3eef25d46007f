"""Moments as the state machine and the tables write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st
from pilotlight.shared import timestamps


def test_now_is_in_utc_with_milliseconds_and_a_z() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", timestamps.now())


def test_now_is_now() -> None:
    assert abs(datetime.now(UTC) - timestamps.parse(timestamps.now())) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "text",
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z", "2026-01-31T13:00:00.000+01:00"],
)
def test_the_forms_of_eventbridge_and_of_step_functions_are_read(text: str) -> None:
    assert timestamps.parse(text) == datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "now", "2026-13-01T00:00:00Z", "1769860800"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        timestamps.parse(text)


@pytest.mark.parametrize("text", ["2026-01-31", "2026-01-31T12:00:00"])
def test_a_moment_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        timestamps.parse(text)


ZONES = st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))


@given(st.datetimes(timezones=ZONES))
def test_a_written_moment_is_read_as_the_same(moment: datetime) -> None:
    assert timestamps.parse(moment.isoformat()) == moment
