"""The checks of a drill: each has seen it pass, fail, and nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lab.drill.checks import run_checks
from lab.drill.observations import ControlItem, Notification, WriteByName
from lab.drill.outage.recovery import CHECKS
from tests.unit.lab.drill.samples import (
    OUTAGE,
    call,
    control_read,
    execution,
    nothing,
    passing,
    states,
    unrecovered,
    write,
)
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, VIRGINIA

if TYPE_CHECKING:
    from lab.drill.checks import CheckResult
    from lab.drill.observations import Observations

BY_HAND = execution(input={"mode": "failover", "reason": "I saw it"})
FAILED = execution(status="FAILED", output={"error": "Stuck", "cause": "It stuck"})
FORWARDED = WriteByName(201, SECONDARY, PRIMARY)


def told(*events: str) -> list[Notification]:
    return [Notification(OUTAGE + i, event, event) for i, event in enumerate(events)]


# A check, what was seen instead of what should have been, and a part of what the check says.
BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("started_by_itself", {"executions": []}, "No execution was started"),
    ("started_by_itself", {"executions": [BY_HAND]}, "1 executions were started by hand"),
    (
        "started_by_itself",
        {"executions": [execution(), BY_HAND]},
        "1 executions were started by hand",
    ),
    (
        "started_by_itself",
        {"executions": [execution(input={"detail-type": "Test"})]},
        "the input: ",
    ),
    ("recovery_promoted", {"executions": []}, "No execution was started"),
    ("recovery_promoted", {"executions": [FAILED]}, "FAILED, outcome failed. {'error': 'Stuck'"),
    (
        "recovery_promoted",
        {"executions": [execution(output={"outcome": "hold_ended", "summary": "Not ready."})]},
        "outcome hold_ended. Not ready.",
    ),
    ("recovery_promoted", {"executions": [execution(status="RUNNING", output={})]}, "RUNNING"),
    ("one_promotion_only", {"control_before": None}, "could not be read"),
    ("one_promotion_only", {"control_after": None}, "could not be read"),
    ("one_promotion_only", {"control_after": ControlItem(SECONDARY, 3)}, "then 3 in us-east-2"),
    ("one_promotion_only", {"control_after": ControlItem(PRIMARY, 2)}, "then 2 in us-west-2"),
    (
        "one_promotion_only",
        {"control_after": ControlItem(SECONDARY, 3, 3), "recoveries": ["recovery#3"]},
        "then 3 in us-east-2, serving; revision 1, then 3; on record: recovery#3",
    ),
    ("one_promotion_only", {"control_after": ControlItem(SECONDARY, 2, 4)}, "revision 1, then 4"),
    (
        "one_promotion_only",
        {"control_after": ControlItem(SECONDARY, 2, 2, "claimed")},
        "us-east-2, claimed; revision 1, then 2",
    ),
    ("one_promotion_only", {"recoveries": []}, "on record: nothing"),
    ("one_promotion_only", {"recoveries": ["recovery#2", "recovery#3"]}, "recovery#2, recovery#3"),
    ("dns_answers_secondary", {"dns_after_promotion": PRIMARY}, "leads to us-west-2"),
    ("dns_answers_secondary", {"dns_after_promotion": None}, "leads to None"),
    (
        "acknowledged_writes_present",
        {"held_after_promotion": frozenset({"run-0"})},
        "1 of 2 writes older than the lag of 0.5 s are there; 2 of 2 younger ones are not",
    ),
    ("acknowledged_writes_present", {"held_after_promotion": frozenset()}, "0 of 2 writes"),
    ("acknowledged_writes_present", {"held_after_promotion": None}, "is not known"),
    ("acknowledged_writes_present", {"writes": []}, "0 of 0 writes"),
    ("acknowledged_writes_present", {"writes": [write(0, -0.1, PRIMARY)]}, "0 of 0 writes"),
    ("writes_accepted_in_secondary", {"writes": [write(0, -1, SECONDARY)]}, "0 writes"),
    ("writes_accepted_in_secondary", {"writes": [write(0, 18, PRIMARY)]}, "0 writes"),
    (
        "returned_primary_takes_no_write",
        {"writes_to_the_returned": [FORWARDED, WriteByName(201, PRIMARY, None)]},
        "it refused 0 for 0.0 s, forwarded 1 for 0.0 s, and took 1.",
    ),
    (
        "returned_primary_takes_no_write",
        {
            "writes_to_the_returned": [
                WriteByName(503, None, None, OUTAGE + 23, "NoQuorum"),
                WriteByName(0, None, None, OUTAGE + 24.6),
            ]
        },
        "it refused 2 for 2.0 s (1 NoQuorum, 1 no answer), forwarded 0 for 0.0 s, and took 0.",
    ),
    ("dns_stays", {"primary_healthy_again": False}, "nothing was proven"),
    ("dns_stays", {"dns_after_heal": [(1.0, SECONDARY), (2.0, PRIMARY)]}, "2 answers"),
    ("dns_stays", {"dns_after_heal": [(1.0, None)]}, "led to None"),
    ("dns_stays", {"dns_after_heal": []}, "0 answers"),
    ("notifications_in_order", {"notifications": []}, "Received: nothing."),
    ("notifications_in_order", {"notifications": told("started")}, "Received: started."),
    ("notifications_in_order", {"notifications": told("promoted", "started")}, "promoted, started"),
    ("notifications_in_order", {"notifications": told("started", "held", "promoted")}, "held"),
    ("lock_released", {"lock": {"owner": "run 1"}}, "run 1"),
    ("no_tick_has_two_probe_results", {"probe_results": {}}, "published no probe result"),
    (
        "no_tick_has_two_probe_results",
        {"probe_results": {1: 1, 2: 2, 4: 1}},
        "3 ticks since the outage have a point, 1 of",
    ),
    (
        "no_call_left_the_secondary",
        {"calls": [call(), call(VIRGINIA), call(PRIMARY), call(PRIMARY)]},
        "Calls to other Regions: dynamodb:GetItem in us-east-1, dynamodb:GetItem in us-west-2.",
    ),
    ("no_call_left_the_secondary", {"calls": []}, "0 API calls"),
    (
        "data_planes_only",
        {"calls": [call(), {**call(), "operation": "DescribeTable"}]},
        "Not data plane: FailoverRole",
    ),
    ("no_call_left_the_secondary", {"calls": [call(caller=PRIMARY)]}, "0 API calls"),
    ("no_two_regions_acknowledge_writes_at_once", {"writes": []}, "No write was acknowledged"),
    (
        "no_two_regions_acknowledge_writes_at_once",
        {"writes": [*passing().writes, write(9, 22.5, PRIMARY, 1)]},
        "1 writes overlap. us-west-2 in epoch 1 from -3.0 to -0.0 s (4); us-east-2 in epoch 2",
    ),
    ("revisions_and_epochs_never_go_back", {"control_reads": []}, "0 of 0 strong reads"),
    (
        "revisions_and_epochs_never_go_back",
        {"control_reads": [*passing().control_reads, control_read(22, SECONDARY, 2, 2, "claimed")]},
        "with revisions 1 to 3; 1 of them were older",
    ),
]


def verdict(name: str, seen: Observations) -> CheckResult:
    return next(c for c in run_checks(seen, CHECKS) if c.name == name)


def test_a_drill_that_went_well_passes_every_check() -> None:
    assert [c for c in run_checks(passing(), CHECKS) if not c.passed] == []


def test_every_check_has_been_seen_to_fail() -> None:
    assert {name for name, _, _ in BROKEN} == {check.__name__ for check in CHECKS}


@pytest.mark.parametrize(("name", "instead", "says"), BROKEN)
def test_a_check_fails_and_says_why(name: str, instead: dict[str, Any], says: str) -> None:
    found = verdict(name, passing(**instead))
    assert not found.passed
    assert says in found.detail


@pytest.mark.parametrize("name", [check.__name__ for check in CHECKS])
def test_a_check_that_saw_nothing_fails(name: str) -> None:
    assert not verdict(name, nothing()).passed


@pytest.mark.parametrize("check", run_checks(nothing(), CHECKS), ids=lambda c: c.name)
def test_a_check_says_something_in_a_sentence_though_it_saw_nothing(check: CheckResult) -> None:
    assert check.detail.endswith(".")


def test_a_drill_without_a_recovery_fails_what_a_recovery_does() -> None:
    lasting = {"no_two_regions_acknowledge_writes_at_once", "revisions_and_epochs_never_go_back"}
    passed = {c.name for c in run_checks(unrecovered(), CHECKS) if c.passed}
    assert passed == lasting


def test_a_run_that_was_started_by_hand_before_the_outage_is_no_recovery_by_hand() -> None:
    rehearsal = execution(input={"mode": "rehearsal", "reason": "before"}, started=OUTAGE - 60)
    assert verdict("started_by_itself", passing(executions=[rehearsal, execution()])).passed


def test_notifications_are_judged_in_the_order_in_which_they_were_sent() -> None:
    assert verdict(
        "notifications_in_order", passing(notifications=told("started", "promoted")[::-1])
    ).passed


def test_a_write_as_old_as_the_lag_may_be_on_its_last_metres() -> None:
    writes = [write(0, -3, PRIMARY), write(7, -0.74, PRIMARY)]
    assert verdict("acknowledged_writes_present", passing(writes=writes)).passed
    late = [write(0, -3, PRIMARY), write(7, -0.76, PRIMARY)]
    assert not verdict("acknowledged_writes_present", passing(writes=late)).passed


@pytest.mark.parametrize("at", [-1.0, 21.3, 30.0])
def test_calls_outside_of_the_recovery_are_not_judged(at: float) -> None:
    seen = passing(calls=[call(), call(PRIMARY, at=at)])
    assert verdict("no_call_left_the_secondary", seen).passed


def test_without_an_end_of_the_recovery_every_call_after_the_outage_is_judged() -> None:
    running = execution(status="RUNNING", output={}, ended=None)
    seen = passing(executions=[running], calls=[call(), call(PRIMARY, at=30)])
    assert not verdict("no_call_left_the_secondary", seen).passed


def test_a_recovery_that_held_first_says_so_once() -> None:
    held = execution(states=[*states({"NotifyHold": (15.0, 15.1)}), *states()])
    seen = passing(executions=[held], notifications=told("held", "promoted"))
    assert verdict("notifications_in_order", seen).passed
    assert not verdict("notifications_in_order", passing(executions=[held])).passed
