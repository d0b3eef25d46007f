"""Executions halt before and after a state, and go on when they are told to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

from lab.engine.step_functions import breakpoints as breakpoints_module
from lab.engine.step_functions.breakpoints import Breakpoints
from tests.unit.lab.engine.fakes import eventually
from tests.unit.lab.engine.step_functions.three_states import NAME, ThreeStates

if TYPE_CHECKING:
    from collections.abc import Iterator


class World(ThreeStates):
    """A machine of three states, and whoever may halt it."""

    def __init__(self, breakpoints: Breakpoints) -> None:
        super().__init__()
        self.breakpoints = breakpoints

    def halted(self, arn: str, state: str, when: str) -> bool:
        place = {"execution": arn, "state": state, "when": when}
        return bool(eventually(lambda: self.breakpoints.halted() == [place]))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(CommonStateField, "_eval_body", CommonStateField._eval_body)
    breakpoints = Breakpoints()
    breakpoints_module.install(breakpoints)
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield World(breakpoints)
        breakpoints.at("", ())


def test_an_execution_halts_before_and_after_the_state_that_was_named(world: World) -> None:
    world.breakpoints.at(NAME, ["Second"])
    arn = world.start()
    assert world.halted(arn, "Second", "before")
    assert world.entered(arn) == ["First"]
    world.breakpoints.go()
    assert world.halted(arn, "Second", "after")
    assert world.entered(arn) == ["First", "Second"]
    world.breakpoints.go()
    assert eventually(lambda: world.status(arn) == "SUCCEEDED")
    assert world.breakpoints.halted() == []


def test_only_who_halted_at_one_state_may_be_let_go(world: World) -> None:
    world.breakpoints.at(NAME, ["First", "Second"])
    ahead = world.start()
    assert world.halted(ahead, "First", "before")
    world.breakpoints.go("First")
    assert world.halted(ahead, "First", "after")
    world.breakpoints.go("Second")
    assert world.halted(ahead, "First", "after")
    world.breakpoints.go("First")
    assert world.halted(ahead, "Second", "before")


def test_another_machine_does_not_halt(world: World) -> None:
    world.breakpoints.at("two-states", ["Second"])
    arn = world.start()
    assert eventually(lambda: world.status(arn) == "SUCCEEDED")


def test_naming_other_states_lets_go_of_who_halted_at_the_former(world: World) -> None:
    world.breakpoints.at(NAME, ["First"])
    arn = world.start()
    assert world.halted(arn, "First", "before")
    world.breakpoints.at(NAME, ["Third"])
    assert world.halted(arn, "Third", "before")


def test_an_execution_that_is_stopped_while_it_halts_has_halted_no_longer(world: World) -> None:
    world.breakpoints.at(NAME, ["Second"])
    arn = world.start()
    assert world.halted(arn, "Second", "before")
    world.stop(arn)
    assert eventually(lambda: world.breakpoints.halted() == [])
    assert world.entered(arn) == ["First"]


def test_nobody_halts_where_nothing_was_asked() -> None:
    breakpoints = Breakpoints()
    place: dict[str, Any] = {"execution": "-", "state": "First", "when": "before"}
    breakpoints.pass_by(place, NAME, lambda: False)
    assert breakpoints.halted() == []


def test_a_branch_that_is_over_lets_go_of_no_other_that_halted_beside_it() -> None:
    breakpoints = Breakpoints()
    breakpoints.at(NAME, ["First"])
    place = {"execution": "-", "state": "First", "when": "after"}
    beside = threading.Thread(target=breakpoints.pass_by, args=(dict(place), NAME, lambda: False))
    beside.start()
    assert eventually(lambda: breakpoints.halted() == [place])
    breakpoints.pass_by(place, NAME, lambda: True)
    beside.join(0.5)
    assert beside.is_alive()
    breakpoints.go()
    beside.join(5)
    assert not beside.is_alive()
