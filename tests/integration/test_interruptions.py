"""A run that dies at any state: the janitor frees the lock and notifies, the next run finishes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.handlers import context, load_handler
from tests.integration.machine import PRIMARY, SECONDARY, all_tasks, definition
from tests.integration.test_failures import ELSEWHERE, FAILOVER, HOOKS, janitor

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine

# Tasks of a straight failover, in which a stop can strike.
STRAIGHT = sorted(all_tasks() - ELSEWHERE - HOOKS - {"ReleaseLock"})


@pytest.mark.parametrize("state", STRAIGHT)
def test_a_run_stopped_at_a_state_is_cleaned_up_and_finished_by_the_next(
    machine: Machine,
    network: Network,
    faults: Faults,
    state: str,
) -> None:

    network.lose_primary()
    stopped: list[str] = []

    def stop() -> None:
        if not stopped:
            found = machine.sfn.list_executions(stateMachineArn=machine.arn)["executions"]
            stopped.append(found[0]["executionArn"])
            machine.stop(stopped[0])

    faults.call(state, stop)
    run = machine.run(FAILOVER)
    assert run.status == "ABORTED"
    machine.until(lambda: "owner" not in machine.lock() or machine.lock()["owner"])
    answer = janitor(machine, run)
    assert answer["notified"] is True
    assert machine.notices()[-1][0] == "failed"
    assert "owner" not in machine.lock()
    assert janitor(machine, run)["released"] is False, "idempotent"
    again = machine.run(FAILOVER)
    assert again.output["outcome"] in {"promoted", "already_promoted"}
    assert machine.active() == (SECONDARY, 2)
    assert machine.record(2)


def test_a_machine_that_times_out_is_cleaned_up(machine: Machine, network: Network) -> None:
    network.lose_primary()
    network.secondary_up = False
    short = json.loads(definition(Topic=machine.topic))
    short["TimeoutSeconds"] = 2
    machine.arn = machine.deploy(json.dumps(short), "pilot-light-failover-short")
    run = machine.run(FAILOVER)
    assert run.status == "TIMED_OUT"
    assert machine.lock()["owner"]["S"] == run.arn
    assert janitor(machine, run) == {
        "undone": False,
        "released": True,
        "notified": True,
        "recorded": False,
    }
    assert machine.active() == (PRIMARY, 1)


def test_the_janitor_leaves_the_lock_of_another_run_alone(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    network.secondary_up = False
    alive = machine.start(FAILOVER)
    machine.until(lambda: "WaitToJudgeAgain" in machine.states(alive))
    dead = machine.run({"mode": "nonsense"})
    assert janitor(machine, dead) == {
        "undone": False,
        "released": False,
        "notified": False,
        "recorded": False,
    }
    assert machine.lock()["owner"]["S"] == alive
    machine.stop(alive)


def test_the_janitor_refuses_executions_of_other_machines(
    machine: Machine,
) -> None:
    run = machine.run({"mode": "nonsense"})
    other = "arn:aws:states:us-east-2:123456789012:stateMachine:other"
    detail = {"executionArn": run.arn, "stateMachineArn": other, "status": "FAILED"}
    janitor = load_handler("janitor", MACHINE_ARNS=machine.arn)
    with pytest.raises(ValueError, match="is no execution of"):
        janitor.lambda_handler({"detail": detail}, context("janitor"))
