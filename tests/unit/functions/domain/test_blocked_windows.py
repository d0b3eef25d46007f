"""When no rehearsal may start by schedule: what a person writes, and what it blocks."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st
from pilotlight.domain.blocked_windows import (
    DAYS,
    EXAMPLE,
    InvalidBlockedWindows,
    blocking,
    parse,
)

from tests.template.stacks import source

# 2026-12-25 is a Friday.
FRIDAY = datetime(2026, 12, 25, 12, 0, tzinfo=UTC)
PATTERN = source()["Parameters"]["RehearsalBlockedWindows"]["AllowedPattern"]


def blocked(text: str, moment: datetime) -> bool:
    return blocking(parse(text), moment) is not None


def at(day: int, time: str) -> datetime:
    """A moment of December 2026."""
    return datetime.fromisoformat(f"2026-12-{day:02}T{time}:00+00:00")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("2026-12-25", [at(25, "00:00"), at(25, "23:59")], [at(24, "23:59"), at(26, "00:00")]),
        ("2026-12-24/2026-12-26", [at(24, "00:00"), at(26, "23:59")], [at(27, "00:00")]),
        ("Fri", [at(25, "00:00"), at(18, "12:00")], [at(24, "23:59"), at(26, "00:00")]),
        ("Fri-Sun", [at(25, "00:00"), at(27, "23:59")], [at(24, "23:59"), at(28, "00:00")]),
        ("Sun-Mon", [at(27, "12:00"), at(28, "12:00")], [at(26, "12:00"), at(29, "12:00")]),
        ("16:00-24:00", [at(25, "16:00"), at(25, "23:59")], [at(25, "15:59"), at(26, "00:00")]),
        ("22:00-06:00", [at(25, "22:00"), at(26, "05:59")], [at(25, "21:59"), at(26, "06:00")]),
        ("Fri 16:00-24:00", [at(25, "16:00")], [at(24, "16:00"), at(26, "00:00")]),
        ("Fri 22:00-06:00", [at(25, "22:00"), at(26, "05:59")], [at(25, "05:59"), at(26, "22:00")]),
        ("2026-12-25 22:00-06:00", [at(26, "05:59")], [at(25, "05:59"), at(26, "22:00")]),
        ("2026-12-01/2026-12-31 Fri", [at(25, "12:00")], [at(24, "12:00")]),
        ("Mon, Fri", [at(25, "12:00"), at(28, "12:00")], [at(26, "12:00")]),
    ],
)
def test_a_window_blocks_what_it_says_and_nothing_else(
    text: str, inside: list[datetime], outside: list[datetime]
) -> None:
    assert [m for m in inside if not blocked(text, m)] == []
    assert [m for m in outside if blocked(text, m)] == []


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_nothing_written_blocks_nothing(text: str) -> None:
    assert parse(text) == []


def test_the_first_window_that_holds_is_named_as_it_was_written() -> None:
    found = blocking(parse("Mon, 2026-12-24/2026-12-26 , Fri"), FRIDAY)
    assert found is not None
    assert found.text == "2026-12-24/2026-12-26"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fri", "Window 1, 'fri': 'fri' is neither a date"),
        ("Fri, Satday", "Window 2, 'Satday'"),
        ("Fri-", "'Fri-' is neither"),
        ("Fri-Sun-Mon", "'Fri-Sun-Mon' is neither"),
        ("16-18", "'16-18' is neither"),
        ("24.12.2026", "nor hours in UTC"),
        ("Fri,", "Window 2 is empty. Leave the comma out"),
        (",", "Window 1 is empty"),
        ("2026-02-30", "Write days of the calendar"),
        ("2026-12-26/2026-12-24", "2026-12-24 is before 2026-12-26"),
        ("2026-12-26/2026-12-24", "Write the earlier day first: 2026-12-24/2026-12-26"),
        ("24:00-06:00", "no hours of a day"),
        ("22:00-25:00", "no hours of a day"),
        ("22:60-23:00", "no hours of a day"),
        ("06:00-06:00", "begins when it ends. Write 00:00-24:00"),
        ("Fri Sun", "'Sun' is a second part of the kind weekdays"),
        ("Fri 10:00-11:00 12:00-13:00", "Put a comma between two windows"),
    ],
)
def test_what_cannot_be_read_says_what_where_and_what_to_write(text: str, says: str) -> None:
    with pytest.raises(InvalidBlockedWindows) as error:
        parse(text)
    assert says in str(error.value)


# --- for every window -----------------------------------------------------------------------------
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
DATES = st.dates(date(2026, 1, 1), date(2027, 12, 31))
WEEKDAYS = st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map("-".join)
MINUTES = st.lists(st.integers(0, 1439), min_size=2, max_size=2, unique=True)
HOURS = MINUTES.map(lambda m: "-".join(f"{n // 60:02}:{n % 60:02}" for n in m))
RANGES = st.tuples(DATES, DATES).map(lambda d: f"{min(d)}/{max(d)}")
PARTS = st.tuples(*(st.none() | kind for kind in (RANGES, WEEKDAYS, HOURS)))
WINDOWS = PARTS.filter(any).map(lambda parts: " ".join(p for p in parts if p))


def mirrored(hours: str) -> str:
    begin, end = hours.split("-")
    return f"{end}-{begin}"


@given(HOURS, MOMENTS)
def test_hours_and_the_rest_of_the_day_share_each_moment(hours: str, moment: datetime) -> None:
    assert blocked(hours, moment) is not blocked(mirrored(hours), moment)


@given(WEEKDAYS, MOMENTS)
def test_a_window_of_weekdays_is_the_same_every_week(days: str, moment: datetime) -> None:
    assert blocked(days, moment) is blocked(days, moment + timedelta(weeks=1))
    assert blocked(days, datetime.combine(moment.date(), datetime.min.time(), UTC)) is blocked(
        days, moment
    )


@given(WINDOWS, WINDOWS, MOMENTS)
def test_windows_between_commas_block_what_any_of_them_blocks(
    one: str, other: str, moment: datetime
) -> None:
    either = blocked(one, moment) or blocked(other, moment)
    assert blocked(f"{one}, {other}", moment) is either


@given(WEEKDAYS, HOURS, RANGES, MOMENTS)
def test_more_parts_never_block_more_than_the_hours_alone(
    days: str, hours: str, dates: str, moment: datetime
) -> None:
    if blocked(f"{dates} {days} {hours}", moment):
        assert blocked(hours, moment)


@given(WINDOWS, MOMENTS, st.integers(-12, 14))
def test_a_moment_is_the_same_moment_in_every_time_zone(
    text: str, moment: datetime, offset: int
) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(hours=offset)))
    assert blocked(text, elsewhere) is blocked(text, moment)


@given(st.lists(WINDOWS, max_size=4).map(", ".join))
def test_what_can_be_read_passes_the_template_s_pattern(text: str) -> None:
    parse(text)
    assert re.fullmatch(PATTERN, text)


@pytest.mark.parametrize("text", ["Friday", "fri", "16-18", "24.12.2026", "every night", "*"])
def test_what_is_written_in_another_way_is_refused_at_the_deployment(text: str) -> None:
    assert not re.fullmatch(PATTERN, text)
    assert re.fullmatch(PATTERN, EXAMPLE)


@given(st.text("FriSatMon0123456789:-/, ", max_size=30), MOMENTS)
def test_whatever_is_written_is_read_or_refused(text: str, moment: datetime) -> None:
    try:
        windows = parse(text)
    except InvalidBlockedWindows:
        return
    assert blocking(windows, moment) in [None, *windows]
