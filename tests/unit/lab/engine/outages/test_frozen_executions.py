"""Executions of a lost Region stop before their next state, and go on when it is back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

from lab.engine.outages import freeze
from lab.engine.outages.losses import Loss
from lab.engine.outages.outage import Outage
from tests.unit.lab.engine.fakes import SECONDARY, eventually
from tests.unit.lab.engine.step_functions.three_states import ThreeStates

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    monkeypatch.setattr(CommonStateField, "_eval_body", CommonStateField._eval_body)
    lost = Outage()
    freeze._executions(lost)
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        lost.lose(SECONDARY, Loss())
        yield lost
        lost.heal()


def frozen(outage: Outage) -> Any:
    return eventually(lambda: any("frozen" in what for what in outage.swallowed))


def test_an_execution_of_a_lost_region_goes_on_when_it_is_back(outage: Outage) -> None:
    machine = ThreeStates()
    arn = machine.start()
    assert frozen(outage)
    assert machine.entered(arn) == []
    outage.heal()
    assert eventually(lambda: machine.status(arn) == "SUCCEEDED")
    assert machine.entered(arn) == ["First", "Second", "Third"]


def test_one_that_ended_while_its_region_was_lost_does_nothing_more(outage: Outage) -> None:
    machine = ThreeStates()
    arn = machine.start()
    assert frozen(outage)
    machine.stop(arn)
    assert not eventually(lambda: machine.entered(arn), seconds=1)
    outage.heal()
    assert (machine.status(arn), machine.entered(arn)) == ("ABORTED", [])
