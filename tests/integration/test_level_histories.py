"""Two triggers and an outage that goes on: however the first run ends, somebody serves or is told.

Generated: each trigger first and second, the first run ended at each task in each way. What comes
next is the sentinel's own level, by the clock of its next attempts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from pilotlight.adapters.outages import Outages

from tests.integration.machine import RECOVERIES, SECONDARY, Run, aws_error
from tests.integration.test_failures import REQUIRED, fault, janitor
from tests.integration.test_outcomes import alarm_event, sentinel_request

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine

FIRST = sentinel_request()["outage"]["first_failed_at"]
TRIGGERS = {"alarm": alarm_event, "sentinel": sentinel_request}
# Within which the third attempt is due, and never the day's last.
ATTEMPTS = 3
ENDS = ("fails", "is stopped", "is stopped, and nobody cleans up", "is throttled")


def outages(machine: Machine) -> Outages:
    sentinel = {"pk": {"S": "sentinel"}, "first_failed_at": {"S": FIRST}}
    machine.dynamodb.put_item(TableName=RECOVERIES, Item=sentinel)
    stepfunctions = boto3.client("stepfunctions", region_name=SECONDARY)
    return Outages(machine.dynamodb, stepfunctions, RECOVERIES, machine.arn)


def ended(machine: Machine, faults: Faults, given: dict[str, Any], state: str, how: str) -> Run:
    """The first run, ended at a task in one of the ways."""
    started: list[str] = []

    def strike() -> None:
        machine.until(lambda: started)
        machine.stop(started[0])

    if how == "fails":
        faults.always(state, fault(state))
    elif how == "is throttled":
        left = [aws_error("ProvisionedThroughputExceededException") for _ in range(9)]
        faults.call(state, lambda: None if not left else _raise(left.pop()))
    else:
        faults.call_once(state, strike)
    started.append(machine.start(given))
    run = machine.wait(started[0])
    faults.by_state.clear()
    return run


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("state", sorted(REQUIRED))
@pytest.mark.parametrize("trigger", TRIGGERS)
def test_however_the_first_run_ends_somebody_serves_or_a_person_was_told(
    machine: Machine,
    network: Network,
    faults: Faults,
    monkeypatch: pytest.MonkeyPatch,
    trigger: str,
    state: str,
    how: str,
) -> None:
    network.lose_primary()
    level, told = outages(machine), []
    run = ended(machine, faults, TRIGGERS[trigger](), state, how)
    if how != "is stopped, and nobody cleans up":
        janitor(machine, run, monkeypatch)
    second = next(make for name, make in TRIGGERS.items() if name != trigger)
    given = second(2) if trigger == "alarm" else second()
    machine.run(given)
    later = datetime.now(UTC)
    for _ in range(ATTEMPTS):
        later += timedelta(minutes=20)
        outage = level.current(FIRST)
        if machine.active()[0] == SECONDARY or not outage.due(later):
            break
        assert not level.is_at_work(outage)
        machine.wait(level.start(outage))
    told += [event for event, _ in machine.notices()]
    serves = machine.active()[0] == SECONDARY and machine.control()["state"] == "serving"
    assert serves or told, "users are down, and nobody knows"
    assert len(told) <= 10
    assert machine.lock() == {}
