"""The stages of a recovery: without gaps, and as long together as the recovery."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from lab.drill.report.stages import Stage, gap, rto, stages
from tests.unit.lab.drill.samples import (
    CHANGES,
    OUTAGE,
    STATES,
    change,
    execution,
    failed,
    passing,
    request,
    states,
    unrecovered,
)
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY

if TYPE_CHECKING:
    from lab.drill.observations import Observations, Request

NAMES = [
    "detection",
    "alarm",
    "event",
    "intake",
    "evidence",
    "decision",
    "claim",
    "dns",
    "resolver",
    "lease",
    "write",
]


def by_name(seen: Observations) -> dict[str, Stage]:
    return {s.name: s for s in stages(seen)}


def assert_contiguous(seen: Observations) -> None:
    window, found = gap(seen), stages(seen)
    assert window and window.arrived
    ends = window.arrived if found[-1].name == "resolver" else window.write
    assert ends is not None
    assert found[0].starts_at == pytest.approx(window.failed - OUTAGE, abs=0.002)
    for stage, after in pairwise(found):
        assert stage.starts_at + stage.wall_seconds == pytest.approx(after.starts_at, abs=0.002)
    assert all(s.wall_seconds >= 0 for s in found)
    wall = sum(s.wall_seconds for s in found)
    assert wall == pytest.approx(ends - window.failed, abs=0.01)


def written(at: float = 20.9) -> list[Request]:
    """Writes that failed, and the first that was good again."""
    good = request(at, at + 0.1, SECONDARY, kind="write")
    return [failed(9.0, 9.1, "write"), failed(18.0, 18.1, "write"), good]


def test_the_stages_follow_the_recovery_from_the_checkers_to_the_first_good_write() -> None:
    assert [s.name for s in stages(passing())] == NAMES


def test_each_stage_ends_at_its_moment() -> None:
    assert {s.name: s.wall_seconds for s in stages(passing())} == {
        "detection": 7.95,
        "alarm": 6.0,
        "event": 0.1,
        "intake": 0.6,
        "evidence": 1.1,
        "decision": 0.05,
        "claim": 0.01,
        "dns": 0.74,
        "resolver": 0.85,
        "lease": 3.43,
        "write": 0.12,
    }


def test_the_stages_have_no_gaps_and_add_up() -> None:
    assert_contiguous(passing())


def test_only_stages_that_an_interval_of_aws_fills_are_stretched_by_the_speed() -> None:
    found = stages(passing())
    assert [s.name for s in found if s.modelled] == ["detection", "alarm", "dns", "resolver"]
    for stage in (s for s in found if s.name != "lease"):
        factor = 10 if stage.modelled else 1
        assert stage.seconds == pytest.approx(stage.wall_seconds * factor, abs=0.01)


def test_at_speed_one_a_second_is_a_second() -> None:
    assert all(
        s.seconds == pytest.approx(s.wall_seconds, abs=0.002) for s in stages(passing(speed=1.0))
    )


def test_the_lease_is_real_seconds_and_passes_while_dns_moves_at_aws_s_intervals() -> None:
    found = by_name(passing())
    assert found["dns"].seconds + found["resolver"].seconds > 5.02
    assert (found["lease"].seconds, found["lease"].modelled) == (0.0, False)
    slower = by_name(passing(speed=2.0))
    moved = slower["dns"].seconds + slower["resolver"].seconds
    assert slower["lease"].seconds == pytest.approx(5.02 - moved, abs=0.01)


def test_the_rto_is_told_for_reads_and_for_writes() -> None:
    parts = stages(passing())
    read, write = rto(passing())
    assert write == pytest.approx(sum(s.seconds for s in parts))
    assert read == pytest.approx(sum(s.seconds for s in parts[:-2]))


def test_where_no_read_failed_the_rto_of_reads_is_nothing_and_that_of_writes_is_told() -> None:
    requests = [r for r in passing().requests if r.good or r.kind == "write"]
    read, write = rto(passing(requests=requests))
    assert read == 0
    assert write is not None
    assert write > 100


def test_without_a_good_write_the_stages_end_with_the_first_good_read() -> None:
    requests = [r for r in passing().requests if r.kind == "read" or not r.good]
    seen = passing(requests=requests)
    assert [s.name for s in stages(seen)] == NAMES[:-2]
    assert rto(seen)[1] is None


@pytest.mark.parametrize("gone", range(len(CHANGES)))
def test_a_moment_that_nobody_noted_leaves_no_gap(gone: int) -> None:
    changes = [change(*c) for i, c in enumerate(CHANGES) if i != gone]
    assert_contiguous(passing(changes=changes))


@pytest.mark.parametrize("gone", ["GatherEvidence", "Decide"])
def test_a_state_that_the_history_lacks_leaves_no_gap(gone: str) -> None:
    found = states({n: m for n, m in STATES.items() if n != gone})
    assert_contiguous(passing(executions=[execution(states=found)]))


def test_a_stage_without_its_moment_takes_no_time_and_the_next_one_takes_it_all() -> None:
    seen = passing(changes=[c for c in passing().changes if "alarm" not in c.what])
    found = by_name(seen)
    assert (found["detection"].seconds, found["alarm"].seconds) == (0, 0)
    assert found["event"].wall_seconds == pytest.approx(14.05)


def test_what_comes_after_the_first_good_answer_belongs_to_no_stage() -> None:
    early = [failed(0.05, 0.06), request(16.0, 16.1, SECONDARY)]
    seen = passing(requests=[*early, *written()])
    assert_contiguous(seen)
    assert by_name(seen)["resolver"].seconds == 0


def test_moments_before_the_first_failed_request_make_no_negative_stage() -> None:
    seen = passing(requests=[failed(9, 9.1), request(17.4, 17.45, SECONDARY), *written()])
    assert_contiguous(seen)
    assert by_name(seen)["detection"].seconds == 0


@given(
    st.lists(st.floats(0, 25), min_size=len(CHANGES), max_size=len(CHANGES)),
    st.floats(0, 20),
    st.floats(0, 20),
)
def test_the_stages_add_up_whatever_the_moments_are(
    moments: list[float], gathered: float, promoted: float
) -> None:
    found = {**STATES, "GatherEvidence": (gathered, gathered), "Claim": (promoted, promoted)}
    changes = [
        change(at, what, state) for at, (_, what, state) in zip(moments, CHANGES, strict=True)
    ]
    assert_contiguous(passing(changes=changes, executions=[execution(states=states(found))]))


def held_twice() -> Observations:
    """The first judgement was to hold; the second, half a minute later, to promote."""
    first = states({"GatherEvidence": (14.7, 15.8), "Decide": (15.8, 15.9)})
    waited = states({"WaitToJudgeAgain": (16.0, 46.0), "ReadControl": (46.0, 46.1)})
    second = {n: (a + 31.4, b + 31.4) for n, (a, b) in STATES.items() if a >= 14.7}
    run = execution(states=[*states()[:2], *first, *waited, *states(second)], ended=OUTAGE + 53)
    changes = [c for c in passing().changes if not c.what.startswith("DNS")]
    moved = change(48.1, "DNS app.pilotlight.example", SECONDARY)
    requests = [failed(0.05, 0.06), failed(47, 47.1), request(48.7, 48.8, SECONDARY)]
    requests += written(52.4)
    return passing(executions=[run], changes=[*changes, moved], requests=requests)


def test_the_time_of_a_hold_is_a_stage_of_its_own() -> None:
    found = by_name(held_twice())
    assert list(found) == [*NAMES[:4], "hold", *NAMES[4:]]
    assert found["intake"].wall_seconds == pytest.approx(0.6)
    assert found["hold"].wall_seconds == pytest.approx(31.4)
    assert not found["hold"].modelled, "the machine waits in its own time, at any speed"
    assert found["evidence"].wall_seconds == pytest.approx(1.1)
    assert_contiguous(held_twice())


def beacon_turns(at: float) -> Observations:
    changes = [change(at, what, state) for _, what, state in CHANGES[1:2]]
    return passing(changes=[*passing().changes[:1], *changes, *passing().changes[2:]])


def test_what_the_machine_waits_for_the_beacon_is_modelled() -> None:
    found = by_name(beacon_turns(15.2))
    assert list(found) == [*NAMES[:4], "beacon", *NAMES[4:]]
    assert found["beacon"].wall_seconds == pytest.approx(0.5)
    before = sum(found[name].seconds for name in NAMES[:4])
    assert found["beacon"].seconds == pytest.approx((15.2 - 0.05) * 10 - before)
    assert found["evidence"].wall_seconds == pytest.approx(0.6)
    assert_contiguous(beacon_turns(15.2))


def test_a_beacon_that_was_quicker_than_the_machine_only_here_is_waited_for_at_aws() -> None:
    """The machine's own seconds are not divided by the speed, and the checkers' are."""
    found = by_name(beacon_turns(14.6))
    assert found["beacon"].wall_seconds == 0
    before = sum(found[name].seconds for name in NAMES[:4])
    assert found["beacon"].seconds == pytest.approx((14.6 - 0.05) * 10 - before)
    assert_contiguous(beacon_turns(14.6))


@pytest.mark.parametrize("at", [8.0, 15.9])
def test_a_beacon_that_nothing_waited_for_is_no_stage(at: float) -> None:
    assert "beacon" not in by_name(beacon_turns(at))


def test_a_recovery_without_a_hold_has_no_such_stage() -> None:
    assert "hold" not in by_name(passing())


@pytest.mark.parametrize(
    "seen",
    [
        unrecovered(),
        passing(requests=[request(1, 1.1, PRIMARY)]),
        passing(requests=[failed(1, 1.1)]),
        passing(executions=[]),
        passing(executions=[replace(execution(), states=[])]),
    ],
    ids=["no run", "no failure", "no good answer", "no execution", "no promotion"],
)
def test_without_a_recovery_there_are_no_stages(seen: Observations) -> None:
    assert stages(seen) == []
