"""A nested application in a real engine, by `sam build` and `sam deploy`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lab.control import Control
from lab.deployment import SAM
from tests.e2e.engines import engine, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.config import LabConfig

pytestmark = pytest.mark.e2e
ROOT = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  AppName: {Type: String, Default: shop}
  ExampleApp: {Type: String, Default: "true"}
  Colour: {Type: String, Default: red}
Conditions:
  HasExample: !Equals [!Ref ExampleApp, "true"]
  IsBlue: !Equals [!Ref Colour, blue]
Resources:
  Example:
    Type: AWS::Serverless::Application
    Condition: HasExample
    Properties:
      Location: app/template.yaml
      Parameters:
        Name: !Sub "${AppName}-app"
        Colour: !If [HasExample, !Ref Colour, none]
  Known:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Name: known
      Value: !If [HasExample, !Sub "${Example.Outputs.Table} of ${Example.Outputs.Region}", none]
  Later: {Type: AWS::SNS::Topic, Condition: IsBlue, DependsOn: Known}
Outputs:
  Function: {Condition: HasExample, Value: !GetAtt Example.Outputs.Function}
"""
NESTED = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Name: {Type: String}
  Colour: {Type: String}
Globals:
  Function:
    Runtime: python3.13
    AutoPublishAlias: live
    AutoPublishAliasAllProperties: true
    Environment: {Variables: {COLOUR: !Ref Colour, TABLE: !Ref Items}}
Resources:
  Items:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: RetainExceptOnCreate
    Properties:
      TableName: !Sub "${Name}-items"
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
  App:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: makefile}
    Properties:
      FunctionName: !Ref Name
      Handler: app.handler
      CodeUri: ../functions
      Policies:
        - Statement: [{Effect: Allow, Action: dynamodb:PutItem, Resource: !GetAtt Items.Arn}]
Outputs:
  Table: {Value: !Ref Items}
  Region: {Value: !Ref AWS::Region}
  Function: {Value: !Ref AppAliaslive}
"""
MAKEFILE = 'build-App:\n\tcp app.py "$(ARTIFACTS_DIR)/"\n'
HANDLER = """
import os
import boto3

def handler(event, context):
    table = os.environ["TABLE"]
    boto3.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "a"}})
    return [os.environ["COLOUR"], table]
"""


class Application:
    """An engine, and a checkout of which `sam` deploys the application."""

    def __init__(self, config: LabConfig, folder: Path) -> None:
        self.config, self.control, self._folder = config, Control(config), folder
        self.region = config.primary_region
        for path, text in {
            "template.yaml": ROOT,
            "app/template.yaml": NESTED,
            "functions/app.py": HANDLER,
            "functions/Makefile": MAKEFILE,
        }.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(text)

    def sam(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SAM_"))}
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
                "SAM_CLI_POLL_DELAY": "0.2",
                "__SAM_CLI_APP_DIR": str(self._folder),
                "PYTHON": sys.executable,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def deploy(self, *parameters: str, failing: tuple[str, ...] = ()) -> str | None:
        """Deploy it while these resources fail; return what sam printed if it failed."""
        arguments = ["deploy", "--stack-name", "shop", "--region", self.region, "--resolve-s3"]
        arguments += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
        arguments += ["--parameter-overrides", *parameters] if parameters else []
        self.control.act("deployments", failing=failing)
        ended = self.sam(*arguments, "--no-progressbar")
        return ended.stdout + ended.stderr if ended.returncode else None

    def client(self, service: str) -> Any:
        return self.control.client(service, self.region)

    def stacks(self) -> dict[str, dict[str, Any]]:
        return {
            s["StackName"].rpartition("-")[0] or s["StackName"]: s
            for s in self.client("cloudformation").describe_stacks()["Stacks"]
        }

    def answer(self) -> list[str]:
        function = self.stacks()["shop"]["Outputs"][0]["OutputValue"]
        answer = self.client("lambda").invoke(FunctionName=function)
        return json.load(answer["Payload"])  # type: ignore[no-any-return]

    def holds(self) -> tuple[int, ...]:
        """Return how many tables, functions, roles and topics there are."""
        return (
            len(self.client("dynamodb").list_tables()["TableNames"]),
            len(self.client("lambda").list_functions()["Functions"]),
            len(self.client("iam").list_roles()["Roles"]),
            len(self.client("sns").list_topics()["Topics"]),
        )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("engine")
    with engine(folder) as (config, _):
        found = Application(config, folder)
        ended = found.sam("build")
        assert ended.returncode == 0, ended.stderr
        yield found


def test_it_is_deployed_updated_rolled_back_and_removed_with_its_parent(built: Application) -> None:
    assert "ROLLBACK_COMPLETE" in str(built.deploy(failing=("AppAliaslive",)))
    assert built.holds() == (0, 0, 0, 0)
    built.client("cloudformation").delete_stack(StackName="shop")
    until("the stack is gone", lambda: "shop" not in built.stacks())

    assert built.deploy() is None
    root, nested = built.stacks()["shop"], built.stacks()["shop-Example"]
    assert (nested["ParentId"], nested["RootId"]) == (root["StackId"], root["StackId"])
    assert built.answer() == ["red", "shop-app-items"]
    known = built.client("ssm").get_parameter(Name="known")["Parameter"]["Value"]
    assert known == f"shop-app-items of {built.region}"

    assert "UPDATE_ROLLBACK_COMPLETE" in str(built.deploy("Colour=blue", failing=("Later",)))
    assert built.answer() == ["red", "shop-app-items"]

    built.client("cloudformation").delete_stack(StackName="shop")
    until("the stacks are gone", lambda: not {"shop", "shop-Example"} & set(built.stacks()))
    assert built.holds() == (1, 0, 0, 0)
