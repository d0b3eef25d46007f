"""A control table with multi-Region strong consistency in a real engine, made by `sam deploy`."""

from __future__ import annotations

import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from lab.control import Control
from lab.deployment import SAM
from tests.e2e.engines import engine, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.config import LabConfig

pytestmark = pytest.mark.e2e
TABLE = "pilot-light-control-quorum"
TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  AppName: {Type: String, Default: pilot-light}
  PrimaryRegion: {Type: String, Default: us-west-2}
  SecondaryRegion: {Type: String, Default: us-east-2}
  WitnessRegion: {Type: String, Default: us-east-1}
Resources:
  ControlTable:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      TableName: !Sub "${AppName}-control-quorum"
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      MultiRegionConsistency: STRONG
      Replicas:
        - Region: !Ref PrimaryRegion
        - Region: !Ref SecondaryRegion
      GlobalTableWitnesses:
        - Region: !Ref WitnessRegion
Outputs:
  Table: {Value: !GetAtt ControlTable.Arn}
"""
KEY = {"pk": {"S": "control"}}
MACHINE = {
    "StartAt": "Read",
    "States": {
        "Read": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:getItem",
            "Parameters": {"TableName": TABLE, "Key": KEY, "ConsistentRead": True},
            "End": True,
        }
    },
}


class Lab:
    """An engine with the table."""

    def __init__(self, config: LabConfig, folder: Path) -> None:
        self.config, self.control, self._folder = config, Control(config, patience=4.0), folder
        self.primary, self.secondary = config.primary_region, config.secondary_region

    def deploy(self, stack: str, *parameters: str) -> subprocess.CompletedProcess[str]:
        template = self._folder / "template.yaml"
        template.write_text(TEMPLATE)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SAM_"))}
        arguments = ["deploy", "--stack-name", stack, "--template-file", str(template)]
        arguments += ["--region", self.secondary, "--no-progressbar"]
        arguments += ["--parameter-overrides", *parameters] if parameters else []
        return subprocess.run(
            [str(SAM), *arguments],
            cwd=self._folder,
            env={
                **kept,
                "AWS_ENDPOINT_URL": self.config.endpoint,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_EC2_METADATA_DISABLED": "true",
                "SAM_CLI_TELEMETRY": "0",
                "SAM_CLI_POLL_DELAY": "1",
                "__SAM_CLI_APP_DIR": str(self._folder),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def client(self, service: str, region: str) -> Any:
        return self.control.client(service, region)

    def put(self, region: str, value: int) -> None:
        item = {**KEY, "n": {"N": str(value)}}
        self.client("dynamodb", region).put_item(TableName=TABLE, Item=item)

    def get(self, region: str, *, strong: bool = True) -> int | None:
        found = self.client("dynamodb", region).get_item(
            TableName=TABLE, Key=KEY, ConsistentRead=strong
        )
        return int(found["Item"]["n"]["N"]) if "Item" in found else None

    def healed(self) -> None:
        self.control.act("heal")
        until("the Primary has caught up", lambda: self.refusal(self.primary) is None)

    def refusal(self, region: str) -> str | None:
        """Return the name of the error that a strong read in a Region meets."""
        try:
            self.get(region)
        except ReadTimeoutError:
            return "silence"
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return None


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("engine")
    with engine(folder) as (config, _):
        found = Lab(config, folder)
        deployed = found.deploy("control")
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr
        found.control.act("speed", factor=10)
        yield found


@pytest.fixture(autouse=True)
def nothing_is_lost(lab: Lab) -> None:
    lab.healed()


def test_each_region_tells_the_members(lab: Lab) -> None:
    for region, other in ((lab.primary, lab.secondary), (lab.secondary, lab.primary)):
        found = lab.client("dynamodb", region).describe_table(TableName=TABLE)["Table"]
        assert found["TableStatus"] == "ACTIVE"
        assert found["MultiRegionConsistency"] == "STRONG"
        assert [r["RegionName"] for r in found["Replicas"]] == [other]
        assert found["GlobalTableWitnesses"] == [
            {"RegionName": "us-east-1", "WitnessStatus": "ACTIVE"}
        ]


def test_a_template_with_a_witness_among_the_replicas_is_not_deployed(lab: Lab) -> None:
    refused = lab.deploy("wrong", "AppName=wrong", "WitnessRegion=us-west-2")
    assert refused.returncode != 0
    assert "ValidationException" in refused.stdout + refused.stderr


def test_an_isolated_primary_is_refused_and_the_secondary_goes_on(lab: Lab) -> None:
    lab.put(lab.primary, 1)
    until("the copies", lambda: lab.get(lab.primary, strong=False) == 1)
    lab.control.act("outage", mode="isolated")
    assert lab.refusal(lab.primary) == "InternalServerError"
    lab.put(lab.secondary, 2)
    assert lab.get(lab.primary, strong=False) == 1
    lab.control.act("heal")
    assert lab.refusal(lab.primary) == "InternalServerError", "it has to catch up"
    lab.healed()
    assert lab.get(lab.primary) == 2


def test_silence_keeps_nobody_else_waiting(lab: Lab) -> None:
    lab.control.act("outage", mode="isolated", style="hang")
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(lab.refusal, lab.primary) for _ in range(8)]
        time.sleep(0.3)
        began = time.monotonic()
        lab.put(lab.secondary, 3)
        assert time.monotonic() - began < 1
        assert {w.result() for w in waiting} == {"silence"}


def test_a_stall_is_over_after_two_seconds(lab: Lab) -> None:
    lab.put(lab.primary, 4)
    lab.control.act("outage", mode="stall")
    began = time.monotonic()
    assert lab.get(lab.secondary) == 4
    assert 1.5 < time.monotonic() - began < 3.5
    assert lab.control.state()["outages"] == []


def test_transactions_are_refused(lab: Lab) -> None:
    action = {"Put": {"TableName": TABLE, "Item": KEY}}
    with pytest.raises(ClientError, match="ValidationException"):
        lab.client("dynamodb", lab.primary).transact_write_items(TransactItems=[action])


def test_machines_are_subject_to_it_like_everybody(lab: Lab) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    policy = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}
    iam, machines = lab.client("iam", lab.primary), lab.client("stepfunctions", lab.primary)
    role = iam.create_role(
        RoleName="machine", AssumeRolePolicyDocument=json.dumps({"Statement": [statement]})
    )["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    iam.put_role_policy(RoleName="machine", PolicyName="read", PolicyDocument=document)
    machine = machines.create_state_machine(
        name="reader", definition=json.dumps(MACHINE), roleArn=role
    )["stateMachineArn"]

    def outcome() -> str:
        arn = machines.start_execution(stateMachineArn=machine)["executionArn"]
        until(
            "its end", lambda: machines.describe_execution(executionArn=arn)["status"] != "RUNNING"
        )
        found = machines.describe_execution(executionArn=arn)
        return str(found.get("error") or found["status"])

    assert outcome() == "SUCCEEDED"
    lab.control.act("outage", mode="isolated")
    assert outcome() == "DynamoDB.InternalServerError"
