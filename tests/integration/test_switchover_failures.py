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

# What goes wrong before the drain, within it, and after the promotion.
BEFORE = {"Intake", "AcquireLock", "ReadControl", "Decide"}
DRAINED = {"Drain", "AwaitDrain", "Prove", "Promote"}
AFTER = {"ConfirmTraffic", "RecordMove"}
FUNCTIONS = {"Intake", "Decide", "AwaitDrain", "Prove", "ConfirmTraffic"}
# A failure of these is evidence that is missing, by the condition that it leaves unmet.
EVIDENCE = {
    "LookAtBothRegions": ["primary_healthy", "source_serves", "release_parity"],
    "VerifyReadiness": ["target_ready"],
    "TryTarget": ["target_ready"],
    "ReconcileLedger": ["ledger_reviewed"],
    "ProveUpToNow": ["caught_up"],
}
OPTIONAL = {
    "Announce",
    "WarmTarget",
    "StartCooldown",
    "WriteReport",
    "NotifyOutcome",
    "MoveCapacity",
}
ELSEWHERE = {
    "ReadLock",
    "FindRecord",
    "ReleaseLock",
    "UndoDrain",
    "NotifyFailure",
    "ReleaseLockAfterFailure",
    "WriteFailureReport",
}


def fault(state: str) -> Exception:
    if state in FUNCTIONS | set(EVIDENCE) | {"WarmTarget", "WriteReport"}:
        return FunctionFailed("SomeError")
    return aws_error("AccessDeniedException")


def assert_failed(machine: Machine, run: Run, step: str) -> None:
    assert (run.status, run.error) == ("FAILED", "SwitchoverFailed")
    assert run.cause.startswith(f"{step}: ")
    assert machine.notices()[-1][0] == "failed"
    assert machine.lock() == {}


def test_every_task_is_tried_in_its_failure() -> None:
    tried = BEFORE | DRAINED | AFTER | set(EVIDENCE) | OPTIONAL | ELSEWHERE
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
    assert not {"drain_until", "drain_to"} & set(control)
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


@pytest.mark.parametrize("state", sorted(OPTIONAL - {"MoveCapacity"}))
def test_an_optional_task_that_fails_does_not_stop_a_move(
    regions: TwoRegions, machine: Machine, faults: Faults, state: str
) -> None:
    faults.always(state, fault(state))
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over"
    assert run.output["notified"] is (state != "NotifyOutcome")


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize(
    ("request_", "source", "action"),
    [(SWITCHOVER, PRIMARY, "request"), (FAILBACK, SECONDARY, "release")],
    ids=["switchover", "failback"],
)
def test_provisioned_concurrency_follows_the_active_region_and_never_vetoes(
    regions: TwoRegions,
    machine: Machine,
    faults: Faults,
    request_: dict[str, str],
    source: str,
    action: str,
    fails: bool,
) -> None:
    text = '{"StartAt": "End", "QueryLanguage": "JSONata", "States": {"End": {"Type": "Succeed"}}}'
    capacity = machine.deploy(text, "stand-in-for-capacity")
    regions.arn = regions.deploy("capacity", CapacityMachine=capacity, ProvisionedConcurrency="2")
    regions.serve(source, 4)
    if fails:
        faults.always("MoveCapacity", aws_error("AccessDenied"))
    run = regions.run(request_)
    assert run.output["outcome"] == "switched_over"
    assert run.output["capacity"]["asked"] is not fails
    found = machine.sfn.list_executions(stateMachineArn=capacity)["executions"]
    assert [e["name"] for e in found] == ([] if fails else ["promotion-5"])
    for execution in found:
        given = machine.sfn.describe_execution(executionArn=execution["executionArn"])["input"]
        assert f'"action": "{action}"' in given.replace('":"', '": "')


# --- the drain ------------------------------------------------------------------------------------


def test_a_drain_that_the_source_never_shows_is_undone(
    regions: TwoRegions, machine: Machine
) -> None:
    machine.faults.call("Drain", lambda: setattr(regions.replication, "cut", True))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "AwaitDrain")
    assert "DrainNotSeen" in run.cause
    assert regions.control()["state"] == "serving"
    assert run.states[-6:-3] == ["UndoDrain", "NotifyFailure", "ReleaseLockAfterFailure"]


def test_a_write_that_never_arrives_is_not_left_behind(
    regions: TwoRegions, machine: Machine
) -> None:
    regions.serve(SECONDARY, 4)
    last: list[str | None] = []

    def last_write_then_cut() -> None:
        if not last:
            last.append(regions.write(SECONDARY))
            regions.replication.cut = True

    machine.faults.call("Drain", last_write_then_cut)
    run = regions.run(FAILBACK)
    assert_failed(machine, run, "Prove")
    assert f"{PRIMARY} lacks 1 writes of {SECONDARY} ({last[0]})" in run.cause
    assert regions.calls("Proof", "tails") == 16, "asked again and again, and then given up"
    assert machine.active() == (SECONDARY, 4)
    assert regions.control()["state"] == "serving"
    assert regions.write(SECONDARY), "users write on"


@pytest.mark.parametrize("what", ["J#", "I#"], ids=["journal entry", "item"])
def test_a_write_of_which_a_part_arrives_late_is_waited_for(
    regions: TwoRegions, machine: Machine, what: str
) -> None:
    """Partitions replicate in no order: neither of the two speaks for the other."""
    last: list[str] = []

    def last_write() -> None:
        if not last:
            last.extend(filter(None, [regions.write(PRIMARY)]))
            regions.replication.late = {what: 12}

    machine.faults.call("Drain", last_write)
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over", run.cause
    assert 1 < regions.calls("Proof", "tails") <= 16
    assert set(last) <= regions.journal(SECONDARY)
    assert regions.items(SECONDARY).get("tea") == regions.items(PRIMARY).get("tea")


def test_a_proof_that_does_not_say_so_is_none(
    regions: TwoRegions, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.integration.machine import function_arn

    real = machine.functions.handlers[function_arn("Proof")]
    monkeypatch.setitem(
        machine.functions.handlers,
        function_arn("Proof"),
        lambda event: {"writes": 3} if event["step"] == "tails" else real(event),
    )
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Prove")
    assert "NotProven" in run.cause
    assert machine.active() == (PRIMARY, 1)


def test_a_lease_that_runs_out_before_the_promotion_forbids_it(
    regions: TwoRegions, machine: Machine
) -> None:
    regions.arn = regions.deploy("short", DrainSeconds="19")
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Promote")
    assert "DrainLost" in run.cause
    assert machine.active() == (PRIMARY, 1)
    assert regions.control()["state"] == "serving"


def test_an_epoch_that_somebody_else_has_changed_forbids_the_promotion(
    regions: TwoRegions, machine: Machine
) -> None:
    machine.faults.call("Promote", lambda: regions.change_control(epoch=7))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Promote")
    assert machine.active() == (PRIMARY, 7)


def test_a_break_glass_in_the_midst_of_a_drain_forbids_the_promotion(
    regions: TwoRegions, machine: Machine
) -> None:
    machine.faults.call("Promote", lambda: regions.change_control(break_glass="by ops"))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Promote")
    assert machine.active() == (PRIMARY, 1)


def test_another_run_s_drain_is_left_alone_until_it_has_run_out(
    regions: TwoRegions, machine: Machine
) -> None:
    until = int((time.time() + 60) * 1000)
    drain = {"state": "draining", "changed_by": "arn:other", "drain_to": SECONDARY}
    regions.change_control(**drain, drain_until=until)
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Drain")
    assert "ControlItemChanged" in run.cause
    assert regions.control()["changed_by"] == "arn:other"
    regions.change_control(**drain, drain_until=int(time.time() * 1000) - 1)
    assert regions.run(SWITCHOVER).output["outcome"] == "switched_over"


def test_a_promotion_that_was_made_and_not_answered_counts(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    def made_but_unanswered() -> None:
        if machine.active() == (PRIMARY, 1):
            regions.change_control(active_region=SECONDARY, epoch=2, state="serving")
            raise aws_error("InternalServerError")

    faults.call("Promote", made_but_unanswered)
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over"
    assert machine.active() == (SECONDARY, 2)


def test_a_drain_that_cannot_be_undone_is_undone_by_the_janitor(
    regions: TwoRegions, machine: Machine, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults.always("Prove", FunctionFailed("TailsDiffer"))
    faults.always("UndoDrain", aws_error("InternalServerError"))
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "Prove")
    assert regions.control()["state"] == "draining"
    machine.arn = regions.arn
    done = janitor(machine, run, monkeypatch)
    assert done == {"undone": True, "released": False, "notified": True}
    assert regions.control()["state"] == "serving"


def test_if_all_fails_the_lease_ends_the_drain(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    regions.arn = regions.deploy("short", DrainSeconds="1")
    faults.always("UndoDrain", aws_error("InternalServerError"))
    assert regions.run(SWITCHOVER).status == "FAILED"
    assert regions.control()["state"] == "draining"
    machine.until(lambda: int(regions.control()["drain_until"]) < time.time() * 1000)
    regions.replication.flush()
    assert regions.write(PRIMARY), "the source serves again by itself"


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
    regions: TwoRegions, machine: Machine, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults.always("ReadControl", aws_error("InternalServerError"))
    faults.always("ReleaseLockAfterFailure", aws_error("InternalServerError"))
    run = regions.run(SWITCHOVER)
    machine.arn = regions.arn
    done = janitor(machine, run, monkeypatch)
    assert done == {"undone": False, "released": True, "notified": True}


def test_traffic_that_does_not_move_fails_and_the_next_run_completes(
    regions: TwoRegions, machine: Machine, network: Network
) -> None:
    network.switch_works = False
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, "ConfirmTraffic")
    assert "The promotion stands" in run.cause
    network.switch_works = True
    assert regions.run(SWITCHOVER).output["completing"] is True


@pytest.mark.parametrize("function", ["intake", "decide"])
def test_an_answer_that_nobody_knows_is_a_failure(
    regions: TwoRegions, machine: Machine, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    from tests.integration import conftest

    answer = {"mode": "switchover", "reason": "x", "summary": "", "conditions": []}
    monkeypatch.setattr(conftest._loaded(function), "lambda_handler", lambda *_: answer)
    run = regions.run(SWITCHOVER)
    assert_failed(machine, run, function.capitalize())
    assert machine.active() == (PRIMARY, 1)
