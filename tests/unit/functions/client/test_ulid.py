"""ULIDs: they sort by their time, and are what every other library takes for ULIDs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pilot_light_client import ulid, ulid_format
from ulid import ULID

MOMENTS = st.integers(0, 2**48 - 1)
TAILS = st.binary(min_size=10, max_size=10)
# The end of the year 9999, which is the last that Python knows.
LAST_MS = 253_402_300_799_999


@given(MOMENTS, TAILS)
def test_a_ulid_is_the_one_of_another_library(moment_ms: int, tail: bytes) -> None:
    ours = ulid_format.at(moment_ms, tail)
    assert ours == str(ULID(moment_ms.to_bytes(6, "big") + tail))
    assert ULID.from_str(ours).milliseconds == moment_ms


@given(MOMENTS, MOMENTS, TAILS, TAILS)
def test_ulids_sort_by_their_time_whatever_their_ends(
    first: int, second: int, one: bytes, other: bytes
) -> None:
    earlier, later = sorted([first, second])
    if earlier != later:
        assert ulid_format.at(earlier, one) < ulid_format.at(later, other)


@given(MOMENTS, TAILS)
def test_the_lowest_of_a_moment_comes_before_all_of_it_and_after_all_before_it(
    moment_ms: int, tail: bytes
) -> None:
    lowest = ulid_format.lowest_of(moment_ms)
    assert lowest <= ulid_format.at(moment_ms, tail)
    if moment_ms:
        assert ulid_format.at(moment_ms - 1, tail) < lowest


def test_the_lowest_of_a_moment_before_1970_is_the_lowest_of_all() -> None:
    assert ulid_format.lowest_of(-5) == "0" * 26


def test_the_highest_is_the_last_of_the_last_moment() -> None:
    assert ulid_format.at(2**48 - 1, b"\xff" * 10) == ulid_format.HIGHEST


def test_new_ones_are_of_now_and_all_different() -> None:
    before = int(time.time() * 1000)
    found = [ulid.new() for _ in range(100)]
    after = int(time.time() * 1000)
    assert len(set(found)) == 100
    assert all(before <= ULID.from_str(one).milliseconds <= after for one in found)


@given(st.integers(1_000_000_000_000, 4_000_000_000_000))
def test_a_new_one_of_a_moment_has_it_to_the_millisecond(moment_ms: int) -> None:
    assert ULID.from_str(ulid.new(moment_ms / 1000)).milliseconds == moment_ms


@given(st.integers(0, 4_000_000_000_000), TAILS)
def test_the_moment_of_a_ulid_is_the_one_that_another_library_reads(
    moment_ms: int, tail: bytes
) -> None:
    one = ulid_format.at(moment_ms, tail)
    assert ulid_format.moment_of(one) == ULID.from_str(one).datetime


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "0" * 25, "0" * 27, "8" + "0" * 25, "Z" * 26, "~" * 26, " " * 26),
        *("0" * 25 + letter for letter in "ILOUaz-\n\ud800é"),
        "replay:01M8CV2ATCP44MKFJJ4",
    ],
)
def test_anything_else_has_no_moment(text: str) -> None:
    assert ulid_format.moment_of(text) is None


@given(st.text(max_size=30))
def test_whatever_is_asked_for_its_moment_there_is_an_answer(text: str) -> None:
    assert ulid_format.moment_of(text) is None or len(text) == 26


@pytest.mark.parametrize(
    ("moment_ms", "moment"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1_800_000_000_123, datetime(2027, 1, 15, 8, 0, 0, 123_000, tzinfo=UTC)),
        (LAST_MS + 1, None),
        (2**48 - 1, None),
    ],
)
def test_a_moment_that_no_calendar_has_is_none(moment_ms: int, moment: Any) -> None:
    assert ulid_format.moment_of(ulid_format.lowest_of(moment_ms)) == moment
