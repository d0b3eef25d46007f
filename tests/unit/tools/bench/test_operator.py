"""How the benchmark's operator moves back."""

from __future__ import annotations

from typing import Any

import pytest

from lab.drill.observations import ControlItem
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything
from tools.bench.operator import NotMovedBack, Operator


class Machines:
    """A Region whose emergency machine ends as it is told to, and what the quorum then says."""

    def __init__(self, outcome: str, control: ControlItem | None) -> None:
        self.outcome, self.found = outcome, control
        self.started: list[tuple[str, dict[str, Any]]] = []

    def start(self, machine: str, given: dict[str, Any]) -> str:
        self.started.append((machine, given))
        return "run"

    def ended(self, _arn: str) -> bool:
        return True

    def execution(self, _arn: str) -> Any:
        return Anything(outcome=self.outcome)

    def control(self) -> ControlItem | None:
        return self.found


def operator(machines: Any) -> Operator:
    found = Operator.__new__(Operator)
    vars(found).update(_config=CONFIG, _primary=machines, _secondary=machines)
    return found


@pytest.mark.parametrize("outcome", ["taken_over", "already_active"])
def test_the_primary_is_made_active_again_by_the_emergency_machine(outcome: str) -> None:
    machines = Machines(outcome, ControlItem(PRIMARY, 3, 5))
    operator(machines)._take_over()
    [(machine, given)] = machines.started
    assert (machine, given["action"]) == ("emergency", "take-over")
    assert given["confirm"] == f"MAKE {PRIMARY} ACTIVE WITHOUT {SECONDARY}"


@pytest.mark.parametrize(
    ("outcome", "control"),
    [
        ("failed", ControlItem(SECONDARY, 2, 3)),
        ("taken_over", ControlItem(PRIMARY, 3, 4, "claimed")),
        ("taken_over", None),
    ],
)
def test_a_primary_that_does_not_serve_afterwards_ends_the_benchmark(
    outcome: str, control: ControlItem | None
) -> None:
    with pytest.raises(NotMovedBack, match=outcome):
        operator(Machines(outcome, control))._take_over()


@pytest.mark.parametrize(
    ("alarm", "running", "readiness", "causes"),
    [
        ("OK", [], {"Item": {}}, []),
        ("ALARM", [], {"Item": {}}, ["alarm pilot-light-primary-unhealthy is missing or fires"]),
        ("OK", [{"executionArn": "run"}], {"Item": {}}, ["a run of the machine is under way"]),
        ("OK", [], {}, ["scheduled readiness has not run yet"]),
    ],
)
def test_times_are_quiet_without_alarm_and_run_once_readiness_has_run(
    alarm: str, running: list[Any], readiness: dict[str, Any], causes: list[str]
) -> None:
    person = operator(Anything(machine="failover"))
    vars(person).update(
        _alarms=Anything(describe_alarms=lambda **_: {"MetricAlarms": [{"StateValue": alarm}]}),
        _stepfunctions=Anything(list_executions=lambda **_: {"executions": running}),
        _dynamodb=Anything(get_item=lambda **_: readiness),
    )
    assert person.unquiet() == causes
