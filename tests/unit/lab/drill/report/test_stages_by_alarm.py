"""The stages of a recovery follow what started it: the sentinel, or the alarm."""

from __future__ import annotations

from typing import Any

import pytest

from lab.drill.observations import (
    SENTINEL,
    Change,
    ControlItem,
    Execution,
    Observations,
    Request,
    State,
)
from lab.drill.outage.recovery import one_promotion_only
from lab.drill.report.stages import stages

ALARM = "pilot-light-primary-unhealthy"
GIVEN = {
    SENTINEL: {"mode": "failover", "outage": {"first_failed_at": "t", "attempt": 1}},
    ALARM: {"detail-type": "CloudWatch Alarm State Change", "detail": {"alarmName": ALARM}},
}


def execution(arn: str, alarm: str, outcome: str, started: float) -> Execution:
    states_of = [
        State("GatherEvidence", started + 1, started + 2),
        State("Decide", started + 2, started + 3),
        State("Claim", started + 3, started + 4),
        State("Serve", started + 9, started + 9.1),
    ]
    given = GIVEN[alarm]
    output = {"outcome": outcome}
    states = states_of if outcome == "promoted" else []
    return Execution(arn, given, "SUCCEEDED", output, started, started + 10, states)


def seen(alarm: str, *others: Execution, **changes: Any) -> Observations:
    """An outage at 100, seen by both, recovered by one of them at 110."""
    found = Observations(
        primary="us-west-2",
        secondary="us-east-2",
        public_name="app.pilotlight.example",
        app_name="pilot-light",
        speed=10.0,
        replication_lag=0.5,
        started=90.0,
        outage=100.0,
        requests=[
            Request("read", 100.5, 100.6, False, None, "reset"),
            Request("read", 116.0, 116.1, True, "us-east-2", "200"),
            Request("write", 100.55, 100.6, False, None, "reset"),
            Request("write", 119.2, 119.3, True, "us-east-2", "201"),
        ],
        changes=[
            Change(102.0, "health check pilot-light-alarm", "unhealthy"),
            Change(109.0, f"alarm {ALARM}", "ALARM"),
            Change(115.0, "DNS app.pilotlight.example", "us-east-2"),
        ],
        executions=[execution("run", alarm, "promoted", 110.0), *others],
        first_failed_probe=101.0,
        control_before=ControlItem("us-west-2", 1, 1),
        control_after=ControlItem("us-east-2", 2, 3),
        recoveries=["recovery#2"],
    )
    for name, value in changes.items():
        setattr(found, name, value)
    return found


def test_what_the_alarm_started_waited_for_the_checkers_and_the_alarm() -> None:
    found = {s.name: s for s in stages(seen(ALARM))}
    assert found["detection"].wall_seconds == 1.5
    assert "checkers" in found["detection"].detail
    assert (found["alarm"].wall_seconds, found["alarm"].seconds) == (7.0, 70.0)
    assert sum(s.wall_seconds for s in found.values()) == pytest.approx(18.8)


def test_what_the_sentinel_started_waited_for_its_probes_which_are_real_seconds() -> None:
    found = {s.name: s for s in stages(seen(SENTINEL))}
    assert found["detection"].wall_seconds == 0.5
    assert "sentinel" in found["detection"].detail
    probes = found["probes"]
    assert (probes.wall_seconds, probes.seconds, probes.modelled) == (9.0, 9.0, False)
    assert not {"alarm", "event"} & set(found)
    assert sum(s.wall_seconds for s in found.values()) == pytest.approx(18.8)


def test_while_the_sentinel_finds_nothing_wrong_no_interval_of_aws_is_waited_for() -> None:
    """What an application trusts before it reports a fault is real seconds."""
    late = seen(
        SENTINEL,
        first_failed_probe=104.0,
        last_good_probe=102.5,
        changes=[
            Change(105.6, "health check pilot-light-endpoint", "unhealthy"),
            Change(115.0, "DNS app.pilotlight.example", "us-east-2"),
        ],
    )
    found = {s.name: s for s in stages(late)}
    good, detection, beacon = found["good probes"], found["detection"], found["beacon"]
    assert (good.wall_seconds, good.seconds, good.modelled) == (2.0, 2.0, False)
    assert (detection.wall_seconds, detection.seconds) == (1.5, 15.0)
    # 3.1 s after the last good probe, at AWS's length; less detection, probes and intake.
    assert beacon.seconds == pytest.approx(31.0 - 15.0 - 6.0 - 1.0)
    assert sum(s.wall_seconds for s in found.values()) == pytest.approx(18.8)


def test_checkers_that_were_faster_than_the_sentinel_waited_for_aws_s_intervals_all_along() -> None:
    """The sentinel's good probes take nothing away from the checkers' wait."""
    turned = Change(102.4, "health check pilot-light-endpoint", "unhealthy")
    moved = Change(115.0, "DNS app.pilotlight.example", "us-east-2")
    late = seen(SENTINEL, first_failed_probe=102.6, last_good_probe=102.5, changes=[turned, moved])
    found = {s.name: s for s in stages(late)}
    # 1.9 s at AWS's length, less good probes, detection, probes and intake.
    assert found["beacon"].seconds == pytest.approx(19.0 - 2.0 - 1.0 - 7.4 - 1.0)


def test_what_the_alarm_started_waited_for_checkers_whatever_the_sentinel_found() -> None:
    found = {s.name: s for s in stages(seen(ALARM, last_good_probe=101.5))}
    assert "good probes" not in found
    assert found["detection"].seconds == 15.0


def test_a_good_probe_from_before_the_first_failed_request_is_no_stage() -> None:
    assert "good probes" not in {s.name for s in stages(seen(SENTINEL, last_good_probe=100.4))}


def test_a_streak_that_nobody_kept_leaves_its_time_to_the_next_stage() -> None:
    found = {s.name: s for s in stages(seen(SENTINEL, first_failed_probe=None))}
    assert (found["detection"].seconds, found["probes"].wall_seconds) == (0, 9.5)


@pytest.mark.parametrize("outcome", ["duplicate", "already_promoted"])
def test_the_other_one_s_run_may_find_the_work_done(outcome: str) -> None:
    found = seen(SENTINEL, execution("other", ALARM, outcome, 112.0))
    passed, detail = one_promotion_only(found)
    assert passed
    assert outcome in detail


@pytest.mark.parametrize("outcome", ["held", "promoted", "rehearsed"])
def test_the_other_one_s_run_may_do_nothing_else(outcome: str) -> None:
    other = execution("other", ALARM, outcome, 112.0)
    assert not one_promotion_only(seen(SENTINEL, other))[0]
