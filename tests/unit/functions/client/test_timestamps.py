"""Moments as the state machine and the tables write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st
from pilot_light_client import timestamps


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


BELIEVED = st.datetimes(datetime(1970, 1, 1), datetime(2999, 12, 31), timezones=ZONES)


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00+23:59", "1969-12-31T00:00:00Z", "3000-01-01T00:00:00Z"],
)
def test_a_moment_with_which_nobody_can_reckon_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no year"):
        timestamps.parse(text)
    assert timestamps.try_parse(text) is None


@pytest.mark.parametrize("number", [True, None, "5", 1e30, -1e30, float("nan"), 10**40, 10**17])
def test_a_number_that_is_no_moment_is_none(number: object) -> None:
    assert timestamps.try_from_number(number, per_second=1000) is None


@pytest.mark.parametrize(("age", "believed"), [(-1.0, True), (-1.1, False), (10**9, True)])
def test_a_moment_in_the_future_is_not_believed(age: float, believed: bool) -> None:
    assert timestamps.has_happened(age) is believed


@pytest.mark.parametrize(
    ("left", "believed"), [(-1, False), (0, False), (0.1, True), (660, True), (661, False)]
)
def test_an_end_further_ahead_than_it_can_be_is_not_believed(left: float, believed: bool) -> None:
    assert timestamps.is_end(left, longest=600) is believed


@given(BELIEVED)
def test_a_written_moment_is_read_as_the_same(moment: datetime) -> None:
    assert timestamps.parse(moment.isoformat()) == moment
