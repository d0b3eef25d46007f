"""The claim of a failover: compare and set, answers that are lost, and what a dead run left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.machine import (
    CONTROL,
    PRIMARY,
    SECONDARY,
    aws_error,
    definition,
    keeper,
)
from tests.integration.test_failures import assert_failed_notified_unlocked, janitor
from tests.integration.test_outcomes import FAILOVER, REHEARSAL, alarm_event
from tests.integration.test_rehearsals import assert_verdict

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine, Run


@pytest.fixture(autouse=True)
def lost(network: Network) -> None:
    """The Primary is lost in each of these tests."""
    network.lose_primary()


def times(run: Run, *states: str) -> tuple[int, ...]:
    return tuple(run.states.count(state) for state in states)


# --- compare and set ------------------------------------------------------------------------------


def test_a_change_between_judgement_and_claim_is_judged_anew(
    machine: Machine, faults: Faults
) -> None:
    faults.call_once("Claim", lambda: machine.seed(PRIMARY, 7))
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert times(run, "GatherEvidence", "Claim") == (2, 2)
    assert machine.active() == (SECONDARY, 8)


def test_a_change_that_was_changed_back_is_judged_anew_too(
    machine: Machine, faults: Faults
) -> None:
    """The same Region serves in the same epoch. But what was seen belongs to another revision."""

    def there_and_back() -> None:
        machine.change("drain", move="arn:other", drain_until=10**14)
        machine.change("undrain")

    faults.call_once("Claim", there_and_back)
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert times(run, "GatherEvidence", "Claim") == (2, 2)
    assert machine.active() == (SECONDARY, 2)


def test_a_primary_that_is_well_when_it_is_judged_anew_is_not_left(
    machine: Machine, network: Network, faults: Faults
) -> None:
    def changed_and_well() -> None:
        machine.seed(PRIMARY, 3)
        network.heal_primary()

    faults.call_once("Claim", changed_and_well)
    run = machine.run(FAILOVER)
    assert run.output["decision"]["ended_by"] == "primary_healthy"
    assert machine.active() == (PRIMARY, 3)


def test_a_claim_that_fails_three_times_ends_failed_and_says_why(
    machine: Machine, faults: Faults
) -> None:
    before = machine.control()
    faults.always("Claim", aws_error("AccessDeniedException"))
    run = machine.run(FAILOVER)
    assert_failed_notified_unlocked(machine, run, "Claim")
    assert "ClaimNotMade: 3 writes of the control item failed" in run.cause
    assert "AccessDenied" in run.cause
    assert times(run, "GatherEvidence", "Claim", "Serve") == (3, 3, 0)
    assert machine.control() == before


def test_a_region_that_others_change_each_time_is_not_judged_for_ever(
    machine: Machine, faults: Faults
) -> None:
    faults.call("Claim", lambda: machine.seed(PRIMARY, 7))
    run = machine.run(FAILOVER)
    assert_failed_notified_unlocked(machine, run, "Claim")
    assert times(run, "GatherEvidence", "Claim") == (3, 3)
    assert machine.active() == (PRIMARY, 7)


# --- answers that are lost ------------------------------------------------------------------------


def test_a_claim_that_was_made_and_not_answered_counts_and_waits_out_its_lease(
    machine: Machine, faults: Faults
) -> None:
    faults.lose_answer("Claim", aws_error("InternalServerError"))
    run = machine.run(alarm_event())
    assert run.output["outcome"] == "promoted"
    assert times(run, "GatherEvidence", "Claim", "WaitOutLease", "Serve") == (1, 1, 1, 1)
    control = machine.control()
    assert (control["state"], control["revision"]) == ("serving", "3")
    assert machine.active() == (SECONDARY, 2)
    assert machine.record(2)["execution"]["S"] == run.arn


def test_the_third_claim_counts_too_although_it_was_not_answered(
    machine: Machine, faults: Faults
) -> None:
    """Else the run would end with the words that no claim was made, and users would wait."""
    left = [1, 1]

    def changed_twice() -> None:
        if left:
            left.pop()
            machine.seed(PRIMARY, 7)
        elif machine.active() == (PRIMARY, 7):
            faults.lose_answer("Claim", aws_error("InternalServerError"))

    faults.call("Claim", changed_twice)
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted", run.cause
    assert times(run, "Claim", "WaitOutLease", "Serve") == (3, 1, 1)
    assert machine.active() == (SECONDARY, 8)
    assert machine.control()["state"] == "serving"


def test_a_serve_that_was_made_and_not_answered_counts(machine: Machine, faults: Faults) -> None:
    faults.lose_answer("Serve", aws_error("InternalServerError"))
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert times(run, "Claim", "WaitOutLease") == (1, 1)
    control = machine.control()
    assert (control["state"], control["revision"]) == ("serving", "3")


# --- others at the same work ----------------------------------------------------------------------


def test_a_keeper_that_let_the_claim_serve_first_is_no_failure(
    machine: Machine, faults: Faults
) -> None:
    kept: list[str] = []
    faults.call_once("Serve", lambda: kept.append(keeper(SECONDARY).keep(60)))
    run = machine.run(FAILOVER)
    assert kept == ["served"]
    assert run.output["outcome"] == "promoted"
    assert times(run, "Claim", "WaitOutLease") == (1, 1)
    control = machine.control()
    assert (control["state"], control["changed_by"]) == ("serving", f"keeper {SECONDARY}")
    assert machine.active() == (SECONDARY, 2)


def test_the_keeper_of_the_other_region_lets_no_claim_serve_that_is_not_its_own(
    machine: Machine, faults: Faults
) -> None:
    kept: list[str] = []
    faults.call_once("Serve", lambda: kept.append(keeper(PRIMARY).keep(60)))
    assert machine.run(FAILOVER).output["outcome"] == "promoted"
    assert kept == ["nothing"]


def test_a_claim_that_another_region_took_away_does_not_serve(
    machine: Machine, network: Network, faults: Faults
) -> None:
    """A person took over in the Primary while the lease was waited out."""

    def taken() -> None:
        machine.change("claim", by="arn:person", cooldown_until=1)
        network.heal_primary()

    faults.call_once("Serve", taken)
    run = machine.run(FAILOVER)
    assert run.output["decision"]["ended_by"] == "primary_healthy"
    assert machine.active() == (PRIMARY, 3)
    assert machine.control()["changed_by"] == "arn:person"


# --- what a dead run left -------------------------------------------------------------------------


def died_before_serve(machine: Machine, faults: Faults) -> Run:
    """A run that has claimed, and is stopped before it serves."""

    def dies() -> None:
        machine.stop(machine.newest())
        raise aws_error("InternalServerError")

    faults.call("Serve", dies)
    run = machine.run(FAILOVER)
    assert run.status == "ABORTED"
    faults.by_state.clear()
    assert janitor(machine, run)["notified"] is True
    assert machine.active() == (SECONDARY, 2)
    assert machine.control()["state"] == "claimed"
    assert machine.record(2) == {}
    return run


def test_a_run_that_died_between_claim_and_serve_is_completed_by_the_next_past_the_lease(
    machine: Machine, faults: Faults
) -> None:
    died_before_serve(machine, faults)
    run = machine.run(FAILOVER)
    assert (run.output["outcome"], run.output["completing"]) == ("promoted", True)
    wait = run.states.index("IsRecorded")
    assert run.states[wait : wait + 3] == ["IsRecorded", "WaitOutLease", "Serve"]
    assert times(run, "GatherEvidence", "Claim") == (0, 0)
    assert machine.control()["state"] == "serving"
    assert machine.active() == (SECONDARY, 2)
    assert machine.record(2)["completing"]["BOOL"] is True


def test_a_run_that_died_after_a_keeper_had_served_is_completed_at_once(
    machine: Machine, faults: Faults
) -> None:
    died_before_serve(machine, faults)
    assert keeper(SECONDARY).keep(60) == "served"
    run = machine.run(FAILOVER)
    assert (run.output["outcome"], run.output["completing"]) == ("promoted", True)
    assert times(run, "WaitOutLease", "Claim", "Serve") == (0, 0, 0)
    assert machine.active() == (SECONDARY, 2)


def test_a_rehearsal_completes_nothing_that_a_dead_run_left(
    machine: Machine, faults: Faults
) -> None:
    died_before_serve(machine, faults)
    before = machine.control()
    run = machine.run(REHEARSAL)
    assert (run.output["outcome"], run.output["verdict"]) == ("already_promoted", "INCONCLUSIVE")
    assert machine.control() == before


# --- what no fence can read -----------------------------------------------------------------------
HUGE = "9" * 38
# By what is wrong: what the item has instead.
GARBLED: dict[str, dict[str, Any]] = {
    "no state": {"state": None},
    "no known state": {"state": {"S": "active"}},
    "a state that is no text": {"state": {"BOOL": True}},
    "no revision": {"revision": None},
    "a revision that is text": {"revision": {"S": "1"}},
    "a huge revision": {"revision": {"N": HUGE}},
    "a revision of nothing": {"revision": {"N": "0"}},
    "half a revision": {"revision": {"N": "1.5"}},
    "no epoch": {"epoch": None},
    "a huge epoch": {"epoch": {"N": HUGE}},
    "an epoch below nothing": {"epoch": {"N": "-1"}},
    "no Region": {"active_region": None},
    "an empty Region": {"active_region": {"S": ""}},
}


@pytest.mark.parametrize("wrong", GARBLED.values(), ids=GARBLED)
@pytest.mark.parametrize("given", [FAILOVER, REHEARSAL], ids=["failover", "rehearsal"])
def test_a_control_item_that_no_fence_can_read_ends_failed_and_never_passes(
    machine: Machine, given: dict[str, Any], wrong: dict[str, Any]
) -> None:
    item = {k: v for k, v in (machine.item(CONTROL, "control") | wrong).items() if v}
    machine.dynamodb.put_item(TableName=CONTROL, Item=item)
    run = machine.run(given)
    assert (run.status, run.error) == ("FAILED", "RecoveryFailed")
    assert run.cause.startswith("ReadControl: ControlItemMissing: ")
    assert times(run, "ReadControl", "GatherEvidence", "Claim", "RehearseClaim") == (1, 0, 0, 0)
    assert machine.item(CONTROL, "control") == item
    assert machine.lock() == {}
    if given is REHEARSAL:
        assert machine.item("pilot-light-recoveries", "rehearsal")["verdict"]["S"] == "FAIL"


# --- a rehearsal of it ----------------------------------------------------------------------------


def test_a_rehearsal_whose_write_was_made_all_the_same_fails(machine: Machine) -> None:
    """Its condition is one that no item meets. Without it the very same write is the claim."""
    text = definition(Topic=machine.topic).replace(" AND attribute_not_exists(pk)", "")
    machine.arn = machine.deploy(text, "pilot-light-failover-writing")
    run = machine.run(REHEARSAL)
    assert run.cause.startswith("RehearseClaim: RehearsalWrote: ")
    assert machine.control()["state"] == "claimed"
    assert machine.active() == (SECONDARY, 2)


def test_a_rehearsal_without_a_quorum_fails(machine: Machine, faults: Faults) -> None:
    before = machine.control()
    faults.always("RehearseClaim", aws_error("InternalServerError"))
    run = machine.run(REHEARSAL)
    assert run.cause.startswith("RehearseClaim: ")
    assert_verdict(machine, run, "FAIL")
    assert machine.control() == before


@pytest.mark.parametrize("given", [FAILOVER, REHEARSAL], ids=["failover", "rehearsal"])
def test_a_control_table_that_does_not_answer_ends_failed_and_says_what_it_means(
    machine: Machine, faults: Faults, given: dict[str, Any]
) -> None:
    faults.always("ReadControl", aws_error("InternalServerError"))
    run = machine.run(given)
    assert_failed_notified_unlocked(machine, run, "ReadControl")
    assert "may have lost the quorum" in run.cause
    assert machine.active() == (PRIMARY, 1)
