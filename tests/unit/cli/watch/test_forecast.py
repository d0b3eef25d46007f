"""What is left of a run, by past runs of its kind."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from pilot_light_client.timestamps import text

from cli.watch.forecast import Past, past_runs, words
from tests.unit.cli.watch.made_up_run import START

STAGES = ("started_at", "decided_at", "promoted_at", "served_at", "traffic_confirmed_at")


def at(seconds: float) -> str:
    return text(START + timedelta(seconds=seconds))


def record(mode: str, *seconds: float) -> dict[str, Any]:
    timeline = {stage: at(s) for stage, s in zip(STAGES, seconds, strict=True)}
    return {"mode": mode, "timeline": json.dumps(timeline)}


def said(past: list[Past] | None, seconds: float, mode: str = "failover", **passed: float) -> str:
    timeline = {stage: at(s) for stage, s in passed.items()}
    now = START + timedelta(seconds=seconds)
    return words(past, mode, timeline, now, after=False)


PAST = past_runs(
    [
        record("failover", 0, 5, 6, 11, 20),
        record("failover", 0, 5, 6, 11, 40),
        record("failover", 0, 5, 6, 11, 24),
        record("drill", 0, 5, 6, 11, 100),
    ],
    {"started_at": at(0), "at": at(9)},
)


def test_the_median_of_past_runs_counts_from_the_stage_that_was_passed_last() -> None:
    assert said(PAST, 8, started_at=0, decided_at=7) == "about 18 s left, by 3 past runs"
    assert said(PAST, 8, started_at=0) == "about 16 s left, by 3 past runs"


def test_only_runs_of_the_same_mode_count() -> None:
    assert said(PAST, 0, "drill", started_at=0) == "about 100 s left, by 1 past run"
    assert said(PAST, 1, "rehearsal", started_at=0) == "about 8 s left, by 1 past run"


def test_a_run_that_takes_longer_than_those_before_says_so() -> None:
    assert said(PAST, 60, started_at=0) == "longer than usual, by 3 past runs"


def test_without_a_past_run_of_the_kind_nothing_is_foretold() -> None:
    assert said(PAST, 1, "failback", started_at=0) == "no past failback to go by"
    assert said([], 1, started_at=0) == "no past failover to go by"


def test_what_could_not_be_read_is_not_taken_for_nothing() -> None:
    assert said(None, 1, started_at=0) == "past runs could not be read"


def test_nothing_is_left_once_users_are_served() -> None:
    assert said(PAST, 30, started_at=0, traffic_confirmed_at=29) == ""
    assert said(PAST, 0) == ""


def test_a_stage_that_past_runs_did_not_have_is_passed_over() -> None:
    left = said(PAST, 10, started_at=0, decided_at=5, answered_at=9)
    assert left == "about 14 s left, by 3 past runs"


def test_what_follows_a_wait_for_people_is_counted_from_its_end() -> None:
    timeline = {"started_at": at(0), "decided_at": at(5)}
    now = START + timedelta(seconds=300)
    assert words(PAST, "failover", timeline, now, after=True) == (
        "after that about 19 s, by 3 past runs"
    )


def test_at_most_ten_runs_count_the_newest_first() -> None:
    slow = [record("failover", 0, 5, 6, 11, 99)] * 20
    fast = [record("failover", 0, 5, 6, 11, 20)] * 10
    assert said(past_runs(fast + slow, {}), 0, started_at=0) == "about 20 s left, by 10 past runs"


def test_a_run_that_only_completed_another_one_is_no_measure() -> None:
    timeline = {"started_at": at(0), "traffic_confirmed_at": at(2)}
    assert past_runs([{"mode": "failover", "timeline": json.dumps(timeline)}], {}) == []


def test_a_record_that_cannot_be_understood_is_passed_over() -> None:
    assert past_runs([{"mode": "failover", "timeline": "{"}, {}], {"at": "soon"}) == []
