"""When the sentinel looks, what it concludes, and which run may speak of which tick."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st
from pilotlight.domain.confirmation import Probe
from pilotlight.domain.sentinel import (
    LONGEST_PAUSE_SECONDS,
    Lease,
    Look,
    Streak,
    next_tick,
    probe_seconds,
)

from tests.template.stacks import source

if TYPE_CHECKING:
    from pilotlight.domain.confirmation import Beacon

AT = "2026-01-31T12:00:05.000Z"
LATER = "2026-01-31T12:00:15.000Z"
INTERVALS = source()["Parameters"]["SentinelIntervalSeconds"]["AllowedValues"]
PERIODS = source()["Mappings"]["SentinelPeriods"]


def look(ok: bool, beacon: Beacon = "healthy", at: str = AT) -> Look:
    return Look(Probe(ok, 200 if ok else None, None if ok else "timed out", 0.1, at), beacon)


# --- ticks ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("now", "interval", "tick"),
    [
        (1000.0, 10, 1005.0),
        (1004.999, 10, 1005.0),
        (1005.0, 10, 1015.0),
        (1005.001, 10, 1015.0),
        (1009.999, 10, 1015.0),
        (1000.0, 1, 1000.5),
        (1000.5, 1, 1001.5),
        (1000.0, 5, 1002.5),
        (1020.0, 60, 1050.0),
    ],
)
def test_a_tick_is_the_middle_of_the_next_multiple_of_the_interval(
    now: float, interval: int, tick: float
) -> None:
    assert next_tick(now, interval) == tick * 1000


@given(st.floats(1e9, 2e9), st.sampled_from(INTERVALS))
def test_every_period_of_the_alarm_gets_its_points_whenever_a_run_begins(
    begun: float, interval: int
) -> None:
    period, tick = PERIODS[str(interval)]["Seconds"] * 1000, next_tick(begun, interval)
    assert begun * 1000 < tick + 1 <= (begun + interval) * 1000 + 2, "the next one, and no later"
    ticks = [tick + n * interval * 1000 for n in range(200)]
    per_period = Counter(t // period for t in ticks)
    whole = [per_period[p] for p in sorted(per_period)][1:-1]
    assert set(whole) == {period // (interval * 1000)}


@given(st.floats(1e9, 2e9), st.floats(0, 100), st.sampled_from(INTERVALS))
def test_all_runs_have_the_same_ticks(begun: float, later: float, interval: int) -> None:
    apart = next_tick(begun + later, interval) - next_tick(begun, interval)
    assert apart % (interval * 1000) == 0


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_probe_of_full_length_is_over_before_the_next_is_due(interval: int) -> None:
    assert 0 < probe_seconds(interval) < interval
    assert probe_seconds(interval) <= 2


# --- verdicts ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ok", "beacon", "unhealthy"),
    [
        (True, "healthy", False),
        (True, "unknown", False),
        (True, "unhealthy", True),
        (False, "healthy", True),
        (False, "unknown", True),
        (False, "unhealthy", True),
    ],
)
def test_one_witness_makes_a_look_unhealthy_and_an_unanswered_beacon_is_none(
    ok: bool, beacon: Any, unhealthy: bool
) -> None:
    assert look(ok, beacon).unhealthy is unhealthy


# --- the streak ----------------------------------------------------------------------------------
def streak(*looks: Look) -> Streak:
    found = Streak()
    for one in looks:
        found = found.after(one)
    return found


def test_a_streak_begins_with_its_first_failed_probe() -> None:
    assert streak(look(True), look(False), look(False, at=LATER)).first_failed_at == AT


def test_a_beacon_alone_begins_no_streak() -> None:
    assert streak(look(True, "unhealthy")).first_failed_at is None


@pytest.mark.parametrize("good", [1, 2, 3])
def test_a_few_good_looks_do_not_end_a_streak(good: int) -> None:
    found = streak(look(False), *[look(True)] * good, look(False, at=LATER))
    assert (found.first_failed_at, found.good_looks) == (AT, 0)


def test_four_good_looks_in_a_row_end_it() -> None:
    assert streak(look(False), *[look(True)] * 4).first_failed_at is None
    again = streak(look(False), *[look(True)] * 4, look(False, at=LATER))
    assert again.first_failed_at == LATER


def test_no_failed_look_is_left_in_the_alarm_when_a_streak_is_forgotten() -> None:
    alarm = source()["Resources"]["SentinelAlarm"]["Properties"]
    assert streak(look(False), *[look(True)] * (alarm["EvaluationPeriods"] - 1)).first_failed_at
    assert not streak(look(False), *[look(True)] * alarm["EvaluationPeriods"]).first_failed_at


# --- how long it has been well -------------------------------------------------------------------
def test_both_witnesses_together_begin_it_and_it_lasts() -> None:
    found = streak(look(True), look(True, at=LATER), look(True, "unknown", at=LATER))
    assert found.healthy_since == AT


def test_an_unanswered_beacon_does_not_begin_it() -> None:
    assert streak(look(True, "unknown")).healthy_since is None


@pytest.mark.parametrize("bad", [look(False, at=LATER), look(True, "unhealthy", at=LATER)])
def test_either_witness_ends_it(bad: Look) -> None:
    assert streak(look(True), bad).healthy_since is None


def test_it_begins_anew_after_a_bad_look() -> None:
    assert streak(look(True), look(False), look(True, at=LATER)).healthy_since == LATER


@pytest.mark.parametrize(
    ("later", "since"),
    [("2026-01-31T12:03:05.000Z", AT), ("2026-01-31T12:03:05.001Z", "2026-01-31T12:03:05.001Z")],
)
def test_a_pause_in_which_nobody_looked_ends_it(later: str, since: str) -> None:
    assert streak(look(True), look(True, at=later)).healthy_since == since


def test_a_pause_and_an_unanswered_beacon_leave_nothing_known() -> None:
    later = look(True, "unknown", at="2026-01-31T13:00:00.000Z")
    assert streak(look(True), later).healthy_since is None


def test_nobody_is_silent_for_as_long_as_a_pause_and_the_alarm_says_nothing() -> None:
    alarm = source()["Resources"]["SentinelSilentAlarm"]["Properties"]
    assert (
        alarm["Period"] * alarm["EvaluationPeriods"] >= LONGEST_PAUSE_SECONDS > max(INTERVALS) * 2
    )


# --- the lease -----------------------------------------------------------------------------------
def test_the_run_before_finishes_the_tick_it_is_at_and_no_other() -> None:
    lease = Lease(owner="new", since=2, from_tick=30, last_tick=10)
    assert lease.grants("old", 20)
    assert not lease.grants("old", 30)
    assert lease.grants("new", 30)


def test_nobody_speaks_twice_of_a_tick() -> None:
    lease = Lease(owner="new", since=2, from_tick=30, last_tick=30)
    assert not lease.grants("new", 30)
    assert not lease.grants("old", 20)
    assert lease.grants("new", 40)


def test_only_a_newer_run_takes_over() -> None:
    lease = Lease(owner="new", since=2, from_tick=30)
    assert [lease.yields_to(since) for since in (1, 2, 3)] == [False, False, True]
