"""Executions halt before and after a state, and go on when they are told to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

from lab.engine import halts as halts_module
from lab.engine.halts import Halts
from tests.unit.lab.engine.fakes import SECONDARY, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

STATES = {
    "First": {"Type": "Pass", "Next": "Second"},
    "Second": {"Type": "Pass", "Next": "Third"},
    "Third": {"Type": "Succeed"},
}


class World:
    """A machine of three states, and whoever may halt it."""

    def __init__(self, halts: Halts) -> None:
        self.halts = halts
        self.client = boto3.client("stepfunctions", region_name=SECONDARY)
        definition = {"StartAt": "First", "States": STATES}
        self.machine = self.client.create_state_machine(
            name="three-states",
            definition=json.dumps(definition),
            roleArn="arn:aws:iam::123456789012:role/machine",
        )["stateMachineArn"]

    def start(self) -> str:
        started = self.client.start_execution(stateMachineArn=self.machine)
        return str(started["executionArn"])

    def status(self, arn: str) -> str:
        return str(self.client.describe_execution(executionArn=arn)["status"])

    def entered(self, arn: str) -> list[str]:
        events = self.client.get_execution_history(executionArn=arn)["events"]
        details = [e.get("stateEnteredEventDetails") for e in events]
        return [d["name"] for d in details if d]

    def halted(self, arn: str, state: str, when: str) -> bool:
        place = {"execution": arn, "state": state, "when": when}
        return bool(eventually(lambda: self.halts.halted() == [place]))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(CommonStateField, "_eval_body", CommonStateField._eval_body)
    halts = Halts()
    halts_module.install(halts)
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield World(halts)
        halts.at("", ())


def test_an_execution_halts_before_and_after_the_state_that_was_named(world: World) -> None:
    world.halts.at("three-states", ["Second"])
    arn = world.start()
    assert world.halted(arn, "Second", "before")
    assert world.entered(arn) == ["First"]
    world.halts.go()
    assert world.halted(arn, "Second", "after")
    assert world.entered(arn) == ["First", "Second"]
    world.halts.go()
    assert eventually(lambda: world.status(arn) == "SUCCEEDED")
    assert world.halts.halted() == []


def test_only_who_halted_at_one_state_may_be_let_go(world: World) -> None:
    world.halts.at("three-states", ["First", "Second"])
    ahead = world.start()
    assert world.halted(ahead, "First", "before")
    world.halts.go("First")
    assert world.halted(ahead, "First", "after")
    world.halts.go("Second")
    assert world.halted(ahead, "First", "after")
    world.halts.go("First")
    assert world.halted(ahead, "Second", "before")


def test_another_machine_does_not_halt(world: World) -> None:
    world.halts.at("two-states", ["Second"])
    arn = world.start()
    assert eventually(lambda: world.status(arn) == "SUCCEEDED")


def test_naming_other_states_lets_go_of_who_halted_at_the_former(world: World) -> None:
    world.halts.at("three-states", ["First"])
    arn = world.start()
    assert world.halted(arn, "First", "before")
    world.halts.at("three-states", ["Third"])
    assert world.halted(arn, "Third", "before")


def test_an_execution_that_is_stopped_while_it_halts_has_halted_no_longer(world: World) -> None:
    world.halts.at("three-states", ["Second"])
    arn = world.start()
    assert world.halted(arn, "Second", "before")
    world.client.stop_execution(executionArn=arn)
    assert eventually(lambda: world.halts.halted() == [])
    assert world.entered(arn) == ["First"]


def test_nobody_halts_where_nothing_was_asked() -> None:
    halts = Halts()
    place: dict[str, Any] = {"execution": "-", "state": "First", "when": "before"}
    halts.pass_by(place, "three-states", lambda: False)
    assert halts.halted() == []
