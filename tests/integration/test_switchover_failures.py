"""The failure of every task of a planned move: undone, notified, unlocked, safe to run again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.machine import (
    PRIMARY,
    SECONDARY,
    SWITCHOVER_DEFINITION,
    FunctionFailed,
    all_tasks,
    aws_error,
)
from tests.integration.test_failures import janitor
from tests.integration.two_regions import FAILBACK, SWITCHOVER

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine, Run
    from tests.integration.two_regions import TwoRegions

# What goes wrong before the drain, within it, and after the claim.
BEFORE = {"Intake", "AcquireLock", "ReadControl", "Decide"}
DRAINED = {"Drain", "Prove", "PlannedClaim"}
AFTER = {"ConfirmTraffic", "RecordMove"}
FUNCTIONS = {"Intake", "Decide", "Prove", "ConfirmTraffic"}
# A failure of these is evidence that is missing, by the condition that it leaves unmet.
EVIDENCE = {
    "LookAtBothRegions": ["primary_healthy", "source_serves", "release_parity"],
    "VerifyReadiness": ["target_ready"],
    "TryTarget": ["target_ready"],
    "ReconcileLedger": ["ledger_reviewed"],
    "ProveUpToNow": ["caught_up"],
}
OPTIONAL = {"Announce", "WarmTarget", "LookAtSource", "WriteReport", "NotifyOutcome"}
# What only an application with hooks comes to: see test_hooks.py.
HOOKS = {
    *("CallReadyHook", "CallBeforeClaimHook", "CallAfterClaimHook"),
    "CallBeforeFailbackHook",
}
ELSEWHERE = {
    "ReadLock",
    "IsOwnerAtWork",
    "FindRecord",
    "ReleaseLock",
    "ReconcileInDrain",
    "LookAtControl",
    "UndoDrain",
    "NotifyFailure",
}


def fault(state: str) -> Exception:
    if state in FUNCTIONS | set(EVIDENCE) | {"WarmTarget", "LookAtSource", "WriteReport"}:
        return FunctionFailed("SomeError")
    return aws_error("AccessDeniedException")


def assert_failed(machine: Machine, run: Run, step: str) -> None:
    assert (run.status, run.error) == ("FAILED", "SwitchoverFailed")
    assert run.cause.startswith(f"{step}: ")
    assert machine.notices()[-1][0] == "failed"
    assert machine.lock() == {}


def test_every_task_is_tried_in_its_failure() -> None:
    tried = BEFORE | DRAINED | AFTER | set(EVIDENCE) | OPTIONAL | ELSEWHERE | HOOKS
    assert tried == all_tasks(SWITCHOVER_DEFINITION)


@pytest.mark.parametrize("state", sorted(BEFORE | DRAINED | AFTER))
def test_a_move_that_fails_ends_failed_with_one_region_serving_and_can_be_run_again(
    regions: TwoRegions, machine: Machine, faults: Faults, state: str
) -> None:
    faults.always(state, fault(state))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, state)
    moved = state in AFTER
    assert machine.active() == ((SECONDARY, 2) if moved else (PRIMARY, 1))
    control = regions.control()
    assert control["state"] == "serving"
    assert not {"drain_until", "move"} & set(control)
    faults.by_state.clear()
    again = regions.run(SWITCHOVER)
    assert again.output["outcome"] == "switched_over", again.cause
    assert again.output["completing"] is moved
    assert machine.active() == (SECONDARY, 2)
    assert machine.record(2)


@pytest.mark.parametrize("state", sorted(EVIDENCE))
def test_evidence_that_is_missing_refuses(
    regions: TwoRegions, machine: Machine, faults: Faults, state: str
) -> None:
    back = state in ("TryTarget", "ReconcileLedger")
    regions.serve(SECONDARY if back else PRIMARY, 4)
    faults.always(state, fault(state))
    run = regions.run(FAILBACK if back else SWITCHOVER)
    assert run.output["outcome"] == "refused"
    assert set(EVIDENCE[state]) <= set(run.output["decision"]["unmet"])
    assert regions.control()["changed_by"] == "seed", "nothing was written"
    assert machine.lock() == {}


@pytest.mark.parametrize("state", sorted(OPTIONAL))
def test_an_optional_task_that_fails_does_not_stop_a_move(
    regions: TwoRegions, machine: Machine, faults: Faults, state: str
) -> None:
    faults.always(state, fault(state))
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over"
    assert run.output["notified"] is (state != "NotifyOutcome")
    shown = regions.record(2)["evidence"]["source_shows_claim"]
    assert ("error" in shown) is (state == "LookAtSource"), "what was not seen is not said"


# --- the rest -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["FindRecord", "ReleaseLock"])
def test_what_only_an_active_target_enters(
    regions: TwoRegions, machine: Machine, faults: Faults, state: str
) -> None:
    regions.serve(SECONDARY, 4)
    faults.always(state, aws_error("InternalServerError"))
    run = regions.run(SWITCHOVER)
    if state == "FindRecord":
        assert_failed(machine, run, state)
    else:
        assert run.output["outcome"] == "already_there"
        assert machine.lock()["owner"]["S"] == run.arn, "it runs out by itself"


def test_a_lock_that_cannot_be_read_fails_and_stays(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    regions.row("lock", owner="arn:other")
    machine.dynamodb.update_item(
        TableName="pilot-light-recoveries",
        Key={"pk": {"S": "lock"}},
        UpdateExpression="SET expires_at = :e",
        ExpressionAttributeValues={":e": {"N": str(int(time.time()) + 60)}},
    )
    faults.always("ReadLock", aws_error("InternalServerError"))
    run = regions.run(SWITCHOVER)
    assert (run.status, run.error) == ("FAILED", "SwitchoverFailed")
    assert machine.lock()["owner"]["S"] == "arn:other"


def test_a_failure_that_cannot_be_notified_still_frees_the_lock(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    faults.always("ReadControl", aws_error("InternalServerError"))
    faults.always("NotifyFailure", aws_error("InternalErrorException"))
    assert regions.run(SWITCHOVER).status == "FAILED"
    assert machine.lock() == {}


def test_a_lock_that_a_failure_left_is_freed_by_the_janitor(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    faults.always("ReadControl", aws_error("InternalServerError"))
    faults.always("ReleaseLock", aws_error("InternalServerError"))
    run = regions.run(SWITCHOVER)
    machine.arn = regions.arn
    done = janitor(machine, run)
    assert done == {
        "undone": False,
        "released": True,
        "notified": True,
        "recorded": False,
    }


def test_traffic_that_does_not_move_fails_and_the_next_run_completes(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    network.switch_works = False
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "ConfirmTraffic")
    assert "The claim stands" in run.cause
    network.switch_works = True
    assert regions.run(SWITCHOVER).output["completing"] is True


@pytest.mark.parametrize("function", ["intake", "decide"])
def test_an_answer_that_nobody_knows_is_a_failure(
    regions: TwoRegions, machine: Machine, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    from tests.integration import conftest

    answer = {"mode": "switchover", "reason": "x", "summary": "", "conditions": []}
    monkeypatch.setattr(conftest.loaded(function), "lambda_handler", lambda *_: answer)
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, function.capitalize())
    assert machine.active() == (PRIMARY, 1)
