"""Each check of an outage without promotion, passed and failed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.drill.observations import Change, ControlItem, State
from lab.drill.outage import staying
from tests.unit.lab.drill.outage_samples import (
    HEALED,
    NAME,
    OUTAGE,
    SECONDARY,
    held,
    on_hold,
    recovered,
    request,
    stayed,
)


def passes(check, seen):
    passed, detail = check(seen)
    assert detail
    return passed


@pytest.mark.parametrize("check", [*staying.CHECKS, staying.users_not_affected, *staying.HOLDING])
def test_a_hold_as_it_should_be_passes(check):
    assert passes(check, on_hold())


@pytest.mark.parametrize(
    "check", [*staying.CHECKS, staying.nothing_was_started, staying.users_met_only_the_outage]
)
def test_an_outage_without_a_run_passes(check):
    assert passes(check, stayed())


PROMOTE = State("Claim", OUTAGE + 20, OUTAGE + 21)
LOST = {"us-west-2": frozenset({"item-0"}), SECONDARY: stayed().held_finally[SECONDARY]}


@pytest.mark.parametrize(
    ("check", "seen"),
    [
        (staying.outage_took_effect, stayed(effects=[])),
        (staying.nothing_promoted, stayed(control_after=ControlItem(SECONDARY, 2))),
        (staying.nothing_promoted, stayed(control_after=None)),
        (staying.nothing_promoted, stayed(recoveries=["recovery#2"])),
        (staying.nothing_promoted, on_hold(executions=[held(states=[PROMOTE])])),
        (staying.nothing_promoted, recovered()),
        (staying.dns_never_moved, stayed(dns_throughout=[])),
        (staying.dns_never_moved, stayed(dns_throughout=[(OUTAGE, None)])),
        (staying.dns_never_moved, stayed(changes=[Change(OUTAGE, f"DNS {NAME}", SECONDARY)])),
        (staying.acknowledged_writes_kept, stayed(held_finally={})),
        (staying.acknowledged_writes_kept, stayed(held_finally=LOST)),
        (staying.acknowledged_writes_kept, stayed(writes=[])),
        (staying.lock_free, stayed(lock={"owner": "run"})),
        (staying.users_not_affected, stayed(requests=[])),
        (staying.users_not_affected, stayed(requests=[request(OUTAGE + 1, good=False)])),
        (staying.users_not_affected, stayed(requests=[request(OUTAGE + 1, region=SECONDARY)])),
        (staying.nothing_was_started, on_hold()),
        (staying.nothing_was_started, stayed(notifications=on_hold().notifications)),
        (staying.runs_held_and_ended, on_hold(executions=[held(ended_by="deadline")])),
        (staying.runs_held_and_ended, on_hold(executions=[held(), held(status="RUNNING")])),
        (staying.runs_held_and_ended, on_hold(executions=[held(status="FAILED")])),
        (staying.hold_named_its_witnesses_once, on_hold(notifications=[])),
        (
            staying.hold_named_its_witnesses_once,
            on_hold(notifications=on_hold().notifications * 2),
        ),
        (
            staying.hold_named_its_witnesses_once,
            on_hold(notifications=[replace(n, message="") for n in on_hold().notifications]),
        ),
    ],
)
def test_a_check_fails_where_its_condition_is_broken(check, seen):
    assert not passes(check, seen)


def half_failed(*, after: bool = True):
    """Every other request failed during the outage, and none or one after it."""
    requests = [
        request(r.started, good=not (OUTAGE <= r.started <= HEALED and i % 2))
        for i, r in enumerate(stayed().requests)
    ]
    return [*requests, request(HEALED + 5, good=after)]


def test_users_who_met_an_outage_by_halves_met_only_the_outage():
    assert passes(staying.users_met_only_the_outage, stayed("grey", requests=half_failed()))
    assert not passes(staying.users_not_affected, stayed("grey", requests=half_failed()))


@pytest.mark.parametrize(
    "seen",
    [
        stayed(requests=half_failed(after=False)),
        stayed(requests=[request(OUTAGE + i, good=False) for i in range(9)]),
        stayed(requests=[request(OUTAGE + 1), request(HEALED + 5, region=SECONDARY)]),
        stayed(requests=[request(OUTAGE + 1)]),
        stayed(healed=None),
    ],
)
def test_users_who_fared_worse_than_the_outage_are_seen(seen):
    assert not passes(staying.users_met_only_the_outage, seen)


def test_a_message_of_a_run_that_left_the_work_to_another_is_not_asked_for():
    duplicate = held("two", output={"outcome": "duplicate"}, states=[])
    seen = on_hold(executions=[held(), duplicate])
    assert passes(staying.runs_held_and_ended, seen)
    assert passes(staying.hold_named_its_witnesses_once, seen)
