"""When the sentinel looks, what it concludes, and what it remembers."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st
from pilotlight.sentinel.observation import (
    LONGEST_PAUSE_SECONDS,
    NEVER,
    PLANNED_SECONDS,
    Observation,
    PulseStreak,
    Streak,
    delay_seconds,
    early_seconds,
    is_taken,
    plan,
    probe_seconds,
    silent_after,
    tick_of,
)
from pilotlight.sentinel.probe_result import Probe

from tests.template.stacks import source

if TYPE_CHECKING:
    from pilotlight.sentinel.observation import Beacon

AT = "2026-01-31T12:00:05.000Z"
LATER = "2026-01-31T12:00:15.000Z"
INTERVALS = source()["Parameters"]["SentinelIntervalSeconds"]["AllowedValues"]


def look(ok: bool, beacon: Beacon = "healthy", at: str = AT) -> Observation:
    return Observation(Probe(ok, 200 if ok else None, None if ok else "timed out", 0.1, at), beacon)


# --- ticks ---------------------------------------------------------------------------------------
NOWS = st.integers(1_000_000_000_000, 2_000_000_000_000).map(lambda ms: ms / 1000)


@pytest.mark.parametrize(
    ("now", "interval", "tick"),
    [
        (1000.0, 10, 1005.0),
        (1009.999, 10, 1005.0),
        (1010.0, 10, 1015.0),
        (1000.0, 1, 1000.5),
        (1000.999, 1, 1000.5),
        (1001.0, 5, 1002.5),
        (1030.0, 60, 1050.0),
    ],
)
def test_a_tick_is_the_middle_of_the_multiple_of_the_interval_that_is_now(
    now: float, interval: int, tick: float
) -> None:
    assert tick_of(now, interval) == tick * 1000


@given(NOWS, st.sampled_from(INTERVALS))
def test_every_period_of_the_alarm_gets_its_points_whenever_planning_begins(
    begun: float, interval: int
) -> None:
    period = max(10, interval) * 1000
    ticks: list[int] = []
    for minute in range(30):
        ticks += plan(begun + 60 * minute, ticks[-1] if ticks else NEVER, interval)
    per_period = Counter(tick // period for tick in ticks)
    whole = [per_period[p] for p in range(min(per_period) + 1, max(per_period))]
    assert set(whole) == {period // (interval * 1000)}


@given(NOWS, st.lists(st.floats(0, 59.9), min_size=3, max_size=12), st.sampled_from(INTERVALS))
def test_no_tick_is_left_out_or_planned_twice_however_imprecise_the_schedule(
    begun: float, lateness: list[float], interval: int
) -> None:
    """One start of them all fails unseen."""
    starts = [begun + 60 * n + late for n, late in enumerate(lateness) if n != 1]
    ticks: list[int] = []
    for start in starts:
        planned = plan(start, ticks[-1] if ticks else NEVER, interval)
        assert all(tick >= start * 1000 for tick in planned)
        ticks += planned
    step = interval * 1000
    assert ticks == list(range(ticks[0], ticks[-1] + 1, step))
    assert starts[0] * 1000 <= ticks[0] < starts[0] * 1000 + step


def test_a_plan_reaches_three_minutes_ahead_and_begins_where_the_last_one_ended() -> None:
    first = plan(1000.0, NEVER, 10)
    assert (first[0], first[-1]) == (1_005_000, 1_175_000)
    assert plan(1000.0, first[-1], 10) == []
    assert plan(1060.0, first[-1], 10) == [1_185_000 + n * 10_000 for n in range(6)]


def test_the_tick_that_is_now_is_planned_and_one_that_is_over_is_not() -> None:
    assert plan(1005.0, NEVER, 10)[0] == 1_005_000
    assert plan(1005.1, NEVER, 10)[0] == 1_015_000


def test_a_plan_from_the_future_is_not_believed() -> None:
    future = (1000 + 3600) * 1000
    assert plan(1000.0, future, 10) == plan(1000.0, NEVER, 10)


@pytest.mark.parametrize(
    ("now", "delay", "short"),
    [(1000.0, 5, 5), (1000.4, 5, 4), (1000.6, 4, 4), (1004.9, 0, 0), (1006.0, 0, 0)],
)
def test_a_message_waits_whole_seconds_until_its_tick(now: float, delay: int, short: int) -> None:
    assert delay_seconds(1_005_000, now, 5) == delay
    assert delay_seconds(1_005_000, now, 2) == short


@pytest.mark.parametrize(("now", "early"), [(1004.4, 0.6), (1005.0, 0), (1005.2, 0), (1001.0, 1)])
def test_only_at_short_intervals_a_look_waits_for_its_tick(now: float, early: float) -> None:
    assert early_seconds(1_005_000, now, 2) == pytest.approx(early)
    assert early_seconds(1_005_000, now, 5) == 0


@given(NOWS, st.sampled_from(INTERVALS))
def test_a_look_begins_well_within_the_period_of_its_tick(now: float, interval: int) -> None:
    for tick in plan(now, NEVER, interval):
        arrives = now + delay_seconds(tick, now, interval)
        begins = arrives + early_seconds(tick, arrives, interval)
        margin = min(0.45 * interval, interval / 2 - 0.6 if interval > 2 else 0.45)
        assert tick_of(begins - margin, interval) == tick == tick_of(begins + margin, interval)


@pytest.mark.parametrize("interval", INTERVALS)
def test_sqs_can_delay_for_as_long_as_looks_are_planned_ahead(interval: int) -> None:
    delays = [delay_seconds(tick, 1000.0, interval) for tick in plan(1000.0, NEVER, interval)]
    assert max(delays) <= PLANNED_SECONDS <= 900


@pytest.mark.parametrize(("interval", "silent"), [(1, 60), (10, 60), (20, 60), (30, 90), (60, 180)])
def test_the_sentinel_is_silent_after_three_intervals_and_a_minute_at_least(
    interval: int, silent: int
) -> None:
    assert silent_after(timedelta(seconds=interval)) == timedelta(seconds=silent)


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
def streak(*looks: Observation) -> Streak:
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
    assert (found.first_failed_at, found.good_probes) == (AT, 0)


def test_four_good_looks_in_a_row_end_it() -> None:
    assert streak(look(False), *[look(True)] * 4).first_failed_at is None
    again = streak(look(False), *[look(True)] * 4, look(False, at=LATER))
    assert again.first_failed_at == LATER


# --- how long it has been well -------------------------------------------------------------------
def test_both_witnesses_together_begin_it_and_it_lasts() -> None:
    found = streak(look(True), look(True, at=LATER), look(True, "unknown", at=LATER))
    assert found.healthy_since == AT


def test_an_unanswered_beacon_does_not_begin_it() -> None:
    assert streak(look(True, "unknown")).healthy_since is None


@pytest.mark.parametrize("bad", [look(False, at=LATER), look(True, "unhealthy", at=LATER)])
def test_either_witness_ends_it(bad: Observation) -> None:
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


# --- the pulse -----------------------------------------------------------------------------------
def second(number: int) -> str:
    return f"2026-01-31T12:{number // 60:02}:{number % 60:02}.000Z"


def pulsed(*beats: tuple[int, int | None]) -> PulseStreak:
    """Return the streak after looks at those seconds that read those numbers."""
    found = PulseStreak()
    for at, beat in beats:
        found = found.after(Observation(look(ok=True, at=second(at)).probe, "healthy", beat))
    return found


def test_a_pulse_stands_still_since_the_first_look_that_read_its_number() -> None:
    assert pulsed((0, 7)) == PulseStreak(7, second(0), second(0))
    assert pulsed((0, 7), (10, 7), (20, 7)) == PulseStreak(7, second(0), second(20))
    assert pulsed((0, 7), (10, 8), (20, 8)) == PulseStreak(8, second(10), second(20))


def test_a_pulse_that_was_not_read_did_not_stand_still() -> None:
    assert pulsed((0, 7), (10, None)) == PulseStreak()
    assert pulsed((0, 7), (10, None), (20, 7)).still_since == second(20)


@pytest.mark.parametrize(("pause", "since"), [(90, 0), (91, 91), (-1, -1)])
def test_nobody_knows_what_a_pulse_did_over_a_long_pause(pause: int, since: int) -> None:
    """A clock that went back is a pause as well."""
    start = 60
    assert pulsed((start, 7), (start + pause, 7)).still_since == second(start + since)


@pytest.mark.parametrize(
    ("last", "taken"), [(0, False), (5_000, True), (15_000, True), (25_000, False), (10**9, False)]
)
def test_a_tick_recorded_by_a_clock_that_is_ahead_silences_nobody(last: int, taken: bool) -> None:
    assert is_taken(5_000, last, interval=10) is taken
