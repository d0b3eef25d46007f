"""What CloudWatch judges and how: M of N, missing data, closed periods."""

from __future__ import annotations

import operator

import pytest

from lab.engine.events.alarms import COMPARE, evaluated, judge, window_ends

NONE: float | None = None


def judged(values: list[float | None], needed: int, missing: str = "missing") -> str | None:
    return judge(values, lambda v: v >= 1, needed, missing)


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ([1.0, 1.0, 1.0, 0.0], "ALARM"),
        ([0.0, 1.0, 1.0, 1.0], "ALARM"),
        ([1.0, 0.0, 1.0, 0.0], "OK"),
        ([0.0, 0.0, 0.0, 0.0], "OK"),
    ],
)
def test_an_alarm_of_3_in_4_needs_any_three_breaching_periods(
    values: list[float | None], state: str
) -> None:
    assert judged(values, 3) == state


@pytest.mark.parametrize(
    ("missing", "state"),
    [
        ("missing", "INSUFFICIENT_DATA"),
        ("ignore", None),
        ("breaching", "ALARM"),
        ("notBreaching", "OK"),
    ],
)
def test_without_any_data_the_treatment_of_missing_data_decides(
    missing: str, state: str | None
) -> None:
    assert judged([NONE, NONE, NONE], 3, missing) == state


@pytest.mark.parametrize(
    ("missing", "state"),
    [("missing", "OK"), ("ignore", "OK"), ("breaching", "ALARM"), ("notBreaching", "OK")],
)
def test_a_missing_period_among_others_breaches_only_if_told_so(missing: str, state: str) -> None:
    assert judged([1.0, 1.0, NONE, NONE], 3, missing) == state


def test_missing_periods_do_not_hide_enough_breaching_ones() -> None:
    assert judged([1.0, NONE, 1.0, 1.0], 3, "notBreaching") == "ALARM"


def test_the_four_comparisons_are_those_of_cloudwatch() -> None:
    assert COMPARE["GreaterThanOrEqualToThreshold"](1, 1)
    assert not COMPARE["GreaterThanThreshold"](1, 1)
    assert COMPARE["LessThanOrEqualToThreshold"](1, 1)
    assert not COMPARE["LessThanThreshold"](1, 1)
    assert COMPARE["LessThanThreshold"] is operator.lt


def test_periods_are_aligned_to_the_clock_whenever_they_are_looked_at() -> None:
    assert window_ends(1003.0, 10, 0, 3) == [1000, 990, 980]
    assert window_ends(1009.9, 10, 0, 3) == [1000, 990, 980]


def test_a_period_counts_only_once_the_delay_after_its_end_is_over() -> None:
    assert window_ends(1002.0, 10, 3, 1) == [990]
    assert window_ends(1003.0, 10, 3, 1) == [1000]


def test_with_enough_real_values_the_missing_ones_are_passed_over() -> None:
    assert evaluated([NONE, 1.0, NONE, 2.0, 3.0], 3) == [1.0, 2.0, 3.0]
    assert evaluated([1.0, 2.0, 3.0, 4.0, 5.0], 3) == [1.0, 2.0, 3.0]


def test_without_enough_real_values_the_latest_periods_are_judged_with_their_gaps() -> None:
    assert evaluated([NONE, 1.0, NONE, NONE, 3.0], 3) == [NONE, 1.0, NONE]
