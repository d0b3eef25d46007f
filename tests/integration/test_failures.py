"""The failure of every task, executed: it ends FAILED, notified, unlocked, or is passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.handlers import context, load_handler
from tests.integration.machine import (
    ACCOUNT,
    PRIMARY,
    SECONDARY,
    FunctionFailed,
    all_tasks,
    aws_error,
    definition,
)

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine, Run

FAILOVER = {"mode": "failover", "reason": "test", "graceful": False}
REHEARSAL = {"mode": "rehearsal", "reason": "test"}
FUNCTION_TASKS = {"Intake", "Decide", "ConfirmTraffic"}
EVIDENCE_TASKS = {"ConfirmOutage", "VerifyReadiness"}
# Failures that a recovery passes over.
WARM_TASKS = {"PlanWarming", "WarmBatch"}
OPTIONAL = {"Announce", "NoteMissing", "NotifyOutcome", "ReleaseLock", "WriteReport"} | WARM_TASKS
# What only an application with hooks comes to: see test_hooks.py.
HOOKS = {"CallReadyHook", "CallBeforeClaimHook", "CallAfterClaimHook"}
# Tasks that a straight failover does not enter, each with a test of its own below.
ELSEWHERE = {
    "HandOver",
    "ReadSentinel",
    "ReadLock",
    "IsOwnerAtWork",
    "KeepFailure",
    "FindRecord",
    "NotifyHold",
    "AskApproval",
    "ReadAnswer",
    "RehearseClaim",
    "ForecastRto",
    "KeepRehearsal",
    "RecordRehearsal",
    "NotifyFailure",
}
REQUIRED = all_tasks() - OPTIONAL - ELSEWHERE - EVIDENCE_TASKS - HOOKS


def fault(state: str) -> Exception:
    if state in FUNCTION_TASKS | EVIDENCE_TASKS | WARM_TASKS | {"WriteReport"}:
        return FunctionFailed("SomeError")
    return aws_error("AccessDeniedException")


def assert_failed_notified_unlocked(machine: Machine, run: Run, step: str) -> None:
    assert (run.status, run.error) == ("FAILED", "RecoveryFailed")
    assert run.cause.startswith(f"{step}: ")
    assert [event for event, _ in machine.notices()][-1] == "failed"
    assert machine.lock() == {}


@pytest.mark.parametrize("state", sorted(REQUIRED))
def test_a_required_task_that_fails_ends_the_recovery_failed_notified_and_unlocked(
    machine: Machine, network: Network, faults: Faults, state: str
) -> None:
    network.lose_primary()
    faults.always(state, fault(state))
    run = machine.run(FAILOVER)
    assert_failed_notified_unlocked(machine, run, state)
    after_promotion = {"Serve", "ConfirmTraffic", "RecordRecovery"}
    assert machine.active() == ((SECONDARY, 2) if state in after_promotion else (PRIMARY, 1))


@pytest.mark.parametrize("state", sorted(REQUIRED))
def test_a_failed_recovery_is_safe_to_run_again(
    machine: Machine, network: Network, faults: Faults, state: str
) -> None:
    network.lose_primary()
    faults.always(state, fault(state))
    machine.run(FAILOVER)
    faults.by_state.clear()
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert machine.active() == (SECONDARY, 2)
    assert machine.record(2)["execution"]["S"] == run.arn


@pytest.mark.parametrize("state", sorted(OPTIONAL - {"ReleaseLock"}))
def test_an_optional_task_that_fails_does_not_veto(
    machine: Machine, network: Network, faults: Faults, state: str
) -> None:
    network.lose_primary()
    faults.always(state, fault(state))
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert machine.active() == (SECONDARY, 2)
    assert run.output["notified"] is (state != "NotifyOutcome")


@pytest.mark.parametrize("state", sorted(EVIDENCE_TASKS))
def test_evidence_that_could_not_be_gathered_holds_and_is_asked_for_again(
    machine: Machine, network: Network, faults: Faults, state: str
) -> None:
    network.lose_primary()
    faults.always(state, fault(state))
    arn = machine.start(FAILOVER)
    machine.until(lambda: "NotifyHold" in machine.states(arn))
    assert machine.active() == (PRIMARY, 1)
    faults.by_state.clear()
    assert machine.wait(arn).output["outcome"] == "promoted"


def test_a_lost_hold_message_is_tried_again_at_the_next_judgement(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.lose_primary()
    network.secondary_up = False
    faults.once("NotifyHold", aws_error("InternalErrorException"))
    arn = machine.start(FAILOVER)
    machine.until(lambda: machine.states(arn).count("NotifyHold") == 2)
    network.secondary_up = True
    assert machine.wait(arn).output["outcome"] == "promoted"
    assert [event for event, _ in machine.notices()] == ["held", "promoted"]


def test_a_rehearsal_fails_where_the_claim_would(machine: Machine, faults: Faults) -> None:
    faults.always("RehearseClaim", aws_error("AccessDeniedException"))
    run = machine.run(REHEARSAL)
    assert_failed_notified_unlocked(machine, run, "RehearseClaim")
    assert "AccessDenied" in run.cause


def test_a_lock_that_cannot_be_released_runs_out_by_itself(
    machine: Machine, faults: Faults
) -> None:
    faults.always("ReleaseLock", aws_error("InternalServerError"))
    run = machine.run(REHEARSAL)
    assert run.output["outcome"] == "rehearsed"
    assert machine.lock()["owner"]["S"] == run.arn
    assert int(machine.lock()["expires_at"]["N"]) > 0


def test_a_lock_that_cannot_be_read_fails(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.lose_primary()
    network.secondary_up = False
    first = machine.start(FAILOVER)
    machine.until(lambda: "WaitToJudgeAgain" in machine.states(first))
    faults.always("ReadLock", aws_error("InternalServerError"))
    second = machine.run(FAILOVER)
    assert (second.status, second.error) == ("FAILED", "RecoveryFailed")
    assert machine.lock()["owner"]["S"] == first, "the other run's lock is not touched"
    machine.stop(first)


def test_a_record_that_cannot_be_looked_for_fails(machine: Machine, faults: Faults) -> None:
    machine.seed(SECONDARY, 2)
    faults.always("FindRecord", aws_error("InternalServerError"))
    assert_failed_notified_unlocked(machine, machine.run(FAILOVER), "FindRecord")


def test_a_failure_that_cannot_be_notified_still_releases_the_lock(
    machine: Machine, faults: Faults
) -> None:
    faults.always("ReadControl", aws_error("InternalServerError"))
    faults.always("NotifyFailure", aws_error("InternalErrorException"))
    run = machine.run(FAILOVER)
    assert run.status == "FAILED"
    assert machine.lock() == {}


def test_a_failure_that_cannot_release_the_lock_is_finished_by_the_janitor(
    machine: Machine, faults: Faults
) -> None:
    faults.always("ReadControl", aws_error("InternalServerError"))
    faults.always("ReleaseLock", aws_error("InternalServerError"))
    run = machine.run(FAILOVER)
    assert run.status == "FAILED"
    assert machine.lock()["owner"]["S"] == run.arn
    assert janitor(machine, run) == {
        "undone": False,
        "released": True,
        "notified": True,
        "recorded": False,
    }
    assert machine.lock() == {}


def test_a_failure_that_leaves_its_branch_is_one_of_the_parallel_state(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.lose_primary()
    faults.always("ConfirmOutage", fault("ConfirmOutage"))
    text = definition(Topic=machine.topic)
    caught = '{"confirm": {"error": "{% $states.errorOutput %}"}}'
    assert caught in text
    torn = text.replace(caught, """{"confirm": "{% $error('torn') %}"}""")
    arn = machine.deploy(torn, "pilot-light-failover-torn")
    run = machine.wait(machine.start(FAILOVER, arn))
    assert_failed_notified_unlocked(machine, run, "GatherEvidence")


def test_a_decision_that_nobody_knows_is_a_failure(
    machine: Machine, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.integration import conftest

    network.lose_primary()
    decide = conftest.loaded("decide")
    monkeypatch.setattr(decide, "lambda_handler", lambda *_: {"summary": "", "conditions": []})
    assert_failed_notified_unlocked(machine, machine.run(FAILOVER), "Decide")
    assert machine.active() == (PRIMARY, 1)


def test_an_intake_that_says_neither_accept_nor_drop_is_a_failure(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.integration import conftest

    answer = {"mode": "failover", "reason": "x", "trigger": "manual"}
    monkeypatch.setattr(conftest.loaded("intake"), "lambda_handler", lambda *_: answer)
    run = machine.run(FAILOVER)
    assert_failed_notified_unlocked(machine, run, "Intake")
    assert "GatherEvidence" not in run.states


def test_traffic_that_does_not_move_fails_and_the_next_run_completes(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    network.switch_works = False
    run = machine.wait(machine.start(FAILOVER), 60)
    assert_failed_notified_unlocked(machine, run, "ConfirmTraffic")
    assert machine.active() == (SECONDARY, 2)
    network.switch_works = True
    again = machine.run(FAILOVER)
    assert again.output["outcome"] == "promoted"
    assert again.output["completing"] is True
    assert again.output["epoch"] == 2


def janitor(machine: Machine, run: Run) -> dict[str, bool]:
    """Give the janitor the event that EventBridge would."""
    handler = load_handler("janitor", MACHINE_ARNS=machine.arn, TOPIC_ARN=machine.topic)
    found = machine.sfn.describe_execution(executionArn=run.arn)
    detail = {
        "executionArn": run.arn,
        "stateMachineArn": machine.arn,
        "status": run.status,
        "startDate": int(found["startDate"].timestamp() * 1000),
        "input": found["input"],
        **{name: found.get(name) for name in ("output", "error", "cause")},
    }
    event = {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "account": ACCOUNT,
        "detail": detail,
    }
    return handler.lambda_handler(event, context("janitor"))
