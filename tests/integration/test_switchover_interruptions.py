"""A planned move that dies, and one that meets another: some Region always serves."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.integration.machine import (
    PRIMARY,
    RECOVERIES,
    SECONDARY,
)
from tests.integration.test_failures import janitor
from tests.integration.test_switchover_failures import AFTER, BEFORE, DRAINED
from tests.integration.two_regions import SWITCHOVER

if TYPE_CHECKING:
    from tests.integration.machine import Faults, Machine
    from tests.integration.two_regions import TwoRegions


@pytest.mark.parametrize("state", sorted(BEFORE | DRAINED | AFTER | {"LookAtBothRegions"}))
def test_a_move_stopped_at_a_state_is_cleaned_up_and_done_by_the_next(
    regions: TwoRegions,
    machine: Machine,
    faults: Faults,
    state: str,
) -> None:

    stopped: list[str] = []

    def stop() -> None:
        if not stopped:
            stopped.extend(regions.executions())
            machine.stop(stopped[0])

    faults.call(state, stop)
    run = regions.run(SWITCHOVER)
    assert run.status == "ABORTED"
    claimed = machine.active() == (SECONDARY, 2)
    machine.arn = regions.arn
    done = janitor(machine, run)
    assert done["notified"] is True
    assert regions.control()["state"] == "serving", "somebody serves"
    assert not claimed or done["undone"] is False
    assert "owner" not in machine.lock()
    assert janitor(machine, run)["undone"] is False, "idempotent"
    again = regions.run(SWITCHOVER)
    assert again.output["outcome"] in {"switched_over", "already_there"}
    assert machine.active() == (SECONDARY, 2)
    assert machine.record(2)


def test_a_machine_that_times_out_within_the_drain_is_cleaned_up(
    regions: TwoRegions, machine: Machine
) -> None:
    text = json.loads(regions.definition())
    text["TimeoutSeconds"] = 6
    text["States"]["LetWritesEnd"]["Seconds"] = 2000
    regions.arn = machine.deploy(json.dumps(text), "pilot-light-switchover-short")
    run = regions.run(SWITCHOVER)
    assert run.status == "TIMED_OUT"
    assert run.states[-1] == "LetWritesEnd"
    assert regions.control()["state"] == "draining"
    machine.arn = regions.arn
    done = janitor(machine, run)
    assert done == {
        "undone": True,
        "released": True,
        "notified": True,
        "recorded": False,
    }
    assert machine.active() == (PRIMARY, 1)
    assert regions.control()["state"] == "serving"


# --- two machines ---------------------------------------------------------------------------------


def test_two_moves_at_once_move_once(regions: TwoRegions, machine: Machine) -> None:
    runs = [machine.wait(arn, 60) for arn in [regions.start(SWITCHOVER) for _ in range(2)]]
    outcomes = sorted(run.output["outcome"] for run in runs)
    assert outcomes in (["duplicate", "switched_over"], ["already_there", "switched_over"])
    assert machine.active() == (SECONDARY, 2)


def test_a_lock_that_is_released_before_it_is_read_is_asked_for_again(
    regions: TwoRegions, machine: Machine, faults: Faults
) -> None:
    held = {"pk": {"S": "lock"}, "owner": {"S": "arn:held"}}
    held["expires_at"] = {"N": str(int(time.time()) + 900)}
    machine.dynamodb.put_item(TableName=RECOVERIES, Item=held)

    def release() -> None:
        machine.dynamodb.delete_item(TableName=RECOVERIES, Key={"pk": {"S": "lock"}})

    faults.call("ReadLock", release)
    run = regions.run(SWITCHOVER)
    assert run.output["outcome"] == "switched_over"
    assert run.states.count("AcquireLock") == 2
