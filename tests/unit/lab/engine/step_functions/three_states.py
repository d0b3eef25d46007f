"""A machine of three states in moto's interpreter, for what the lab does between its states."""

from __future__ import annotations

import json

import boto3

from tests.unit.lab.engine.fakes import SECONDARY

NAME = "three-states"
STATES = {
    "First": {"Type": "Pass", "Next": "Second"},
    "Second": {"Type": "Pass", "Next": "Third"},
    "Third": {"Type": "Succeed"},
}


class ThreeStates:
    """The machine, within `mock_aws`."""

    def __init__(self) -> None:
        self._client = boto3.client("stepfunctions", region_name=SECONDARY)
        self._arn = self._client.create_state_machine(
            name=NAME,
            definition=json.dumps({"StartAt": "First", "States": STATES}),
            roleArn="arn:aws:iam::123456789012:role/machine",
        )["stateMachineArn"]

    def start(self) -> str:
        return str(self._client.start_execution(stateMachineArn=self._arn)["executionArn"])

    def stop(self, arn: str) -> None:
        self._client.stop_execution(executionArn=arn)

    def status(self, arn: str) -> str:
        return str(self._client.describe_execution(executionArn=arn)["status"])

    def entered(self, arn: str) -> list[str]:
        events = self._client.get_execution_history(executionArn=arn)["events"]
        details = [e.get("stateEnteredEventDetails") for e in events]
        return [d["name"] for d in details if d]
