"""Whole executions in the corrected interpreter: what fails and what a Catch can see of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from lab.engine import asl_corrections
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
    asl_corrections.apply()
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


def test_a_catch_around_it_sees_the_name(client: Any) -> None:
    inner = {"StartAt": "Choose", "States": {"Choose": CHOICE, "Done": DONE}}
    caught = [{"ErrorEquals": ["States.NoChoiceMatched"], "Next": "Caught"}]
    states = {
        "Both": {"Type": "Parallel", "Branches": [inner], "Catch": caught, "End": True},
        "Caught": {"Type": "Pass", "Output": "caught", "End": True},
    }
    found = execute(client, states, {"go": False})
    assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", "caught")


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
