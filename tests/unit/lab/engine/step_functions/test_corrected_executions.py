"""Whole executions in the corrected interpreter: what fails and what a Catch can see of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from lab.engine.step_functions import corrections
from tests.unit.lab.engine.fakes import SECONDARY, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

CHOICE = {
    "Type": "Choice",
    "Choices": [{"Condition": "{% $states.input.go = true %}", "Next": "Done"}],
}
DONE = {"Type": "Succeed"}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    corrections.apply()
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield boto3.client("stepfunctions", region_name=SECONDARY)


def execute(client: Any, states: dict[str, Any], given: Any) -> dict[str, Any]:
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    machine = client.create_state_machine(
        name=f"machine-{abs(hash(json.dumps([states, given])))}",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/machine",
    )["stateMachineArn"]
    arn = client.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"]

    def ended() -> bool:
        return bool(client.describe_execution(executionArn=arn)["status"] != "RUNNING")

    assert eventually(ended)
    found: dict[str, Any] = client.describe_execution(executionArn=arn)
    return found


def test_a_choice_that_matches_goes_on(client: Any) -> None:
    assert execute(client, {"Choose": CHOICE, "Done": DONE}, {"go": True})["status"] == "SUCCEEDED"


def test_a_choice_that_nothing_matches_fails_by_name(client: Any) -> None:
    found = execute(client, {"Choose": CHOICE, "Done": DONE}, {"go": False})
    assert (found["status"], found["error"]) == ("FAILED", "States.NoChoiceMatched")
    assert "'Choose'" in found["cause"]


def around(inner: dict[str, Any], error: str) -> dict[str, Any]:
    """A Parallel and a Map around a machine, each with a Catch of one error."""
    caught = [
        {
            "ErrorEquals": [error],
            "Output": {"seen": "{% $states.errorOutput.Error %}"},
            "Next": "Done",
        }
    ]
    return {
        "Parallel": {"Type": "Parallel", "Branches": [inner], "Catch": caught, "End": True},
        "Map": {
            "Type": "Map",
            "Items": "{% [$states.input] %}",
            "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **inner},
            "Catch": caught,
            "End": True,
        },
    }


def seen(found: dict[str, Any]) -> Any:
    return json.loads(found.get("output", "{}")).get("seen")


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
@pytest.mark.parametrize("name", ["States.NoChoiceMatched", "States.ALL"])
def test_a_catch_around_it_sees_the_name(client: Any, kind: str, name: str) -> None:
    inner = {"StartAt": "Choose", "States": {"Choose": CHOICE, "End": DONE}}
    inner["States"]["Choose"] = {**CHOICE, "Choices": [{**CHOICE["Choices"][0], "Next": "End"}]}
    states = {kind: around(inner, name)[kind], "Done": DONE}
    found = execute(client, states, {"go": False})
    assert (found["status"], seen(found)) == ("SUCCEEDED", "States.NoChoiceMatched")


def test_an_error_of_ones_own_is_caught_by_name(client: Any) -> None:
    inner = {"StartAt": "Stop", "States": {"Stop": {"Type": "Fail", "Error": "Mine"}}}
    states = {"Parallel": around(inner, "Mine")["Parallel"], "Done": DONE}
    assert seen(execute(client, states, {})) == "Mine"


def test_an_assigned_variable_keeps_null_and_quotes(client: Any) -> None:
    value = {"none": None, "text": 'say "hello" & go'}
    states = {
        "Assign": {"Type": "Pass", "Assign": {"kept": "{% $states.input %}"}, "Next": "Answer"},
        "Answer": {
            "Type": "Pass",
            "Output": "{% {'kept': $kept, 'there': $exists($kept.none)} %}",
            "End": True,
        },
    }
    found = execute(client, states, value)
    assert json.loads(found["output"]) == {"kept": value, "there": True}
