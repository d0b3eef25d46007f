"""An RTO beside its target: a forecast is said to be one, and what is not known meets nothing."""

from __future__ import annotations

from typing import Any

import pytest
from pilotlight.recoveries.rto import NOT_MADE, actual_against, forecast_against

FORECAST = {"reads": {"p50": 30.5, "p99": 41}, "writes": {"p50": 31.0, "p99": 44.5}}


def test_a_forecast_is_said_to_be_one_and_told_for_reads_and_writes() -> None:
    found = forecast_against(FORECAST, 60)
    assert found.within is True
    assert found.detail == (
        "RTO target 60 s; forecast (not measured): reads p50 30.5 s, p99 41 s; "
        "writes p50 31 s, p99 44.5 s."
    )


@pytest.mark.parametrize(("target", "within"), [(44.5, True), (44, False), (42, False)])
def test_the_p99_of_writes_decides_even_where_reads_are_in_time(
    target: float, within: bool
) -> None:
    found = forecast_against(FORECAST, target)
    assert found.within is within
    assert found.detail.endswith("The p99 of writes misses the target.") is not within


@pytest.mark.parametrize(
    "forecast",
    [
        {},
        {"reads": FORECAST["reads"]},
        {**FORECAST, "writes": {"p50": 31.0}},
        {**FORECAST, "writes": {"p50": 31.0, "p99": "44.5"}},
        {**FORECAST, "reads": {"p50": True, "p99": 41}},
        {**FORECAST, "reads": [30.5, 41]},
    ],
)
def test_what_is_missing_or_garbled_is_no_forecast_and_meets_no_target(forecast: Any) -> None:
    found = forecast_against(forecast, 60)
    assert (found.within, found.detail) == (None, f"RTO target 60 s; no forecast: {NOT_MADE}.")


def test_a_forecast_that_could_not_be_made_says_why() -> None:
    found = forecast_against({"unknown": "a clock was off"}, 60)
    assert (found.within, found.detail) == (None, "RTO target 60 s; no forecast: a clock was off.")


@pytest.mark.parametrize(("seconds", "within"), [(60, True), (60.1, False)])
def test_an_actual_says_from_what_to_what_and_that_users_saw_another(
    seconds: float, within: bool
) -> None:
    found = actual_against(seconds, "first failed probe", 60)
    assert found.within is within
    assert found.detail.startswith(
        f"RTO target 60 s; actual {seconds:g} s, from the first failed probe to confirmed traffic, "
        "which is not what users saw."
    )
    assert ("missed" in found.detail) is not within


@pytest.mark.parametrize(
    ("seconds", "target", "words"),
    [
        (None, 60, "RTO target 60 s; actual unknown."),
        (40.0, None, "No RTO target on record; actual 40 s, from the x to confirmed"),
        ("40", 60, "RTO target 60 s; actual unknown."),
    ],
)
def test_without_one_of_the_two_nothing_is_compared(seconds: Any, target: Any, words: str) -> None:
    found = actual_against(seconds, "x", target)
    assert found.within is None
    assert found.detail.startswith(words)
