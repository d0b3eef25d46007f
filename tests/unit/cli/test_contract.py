"""The command `pilot-light contract`: what it prints, and its exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ProfileNotFound
from click.testing import CliRunner
from samcli.cli.types import CfnParameterOverridesType

from cli.main import main
from tests.made_up_stack import MadeUpStack
from tests.unit.cli.documents import document
from tests.unit.lab.engine.fakes import Anything
from tools.reader import ROOT
from tools.reader.contract import FILE
from tools.reader.template import config

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

CONTRACT = """
level = 1
names = "orders*"
stack = "orders"
functions = ["orders-api:live"]
health = "/live"

[api]
id = "OrdersApi"
stage = "prod"

[tables]
orders = "customer/number=N"
"""
OWN = {
    "ExampleApp": "false",
    "AppLevel": "1",
    "AppNames": "orders*",
    "AppTables": "orders:customer/number=N",
    "AppFunctions": "orders-api:live",
    "WarmPaths": "none",
    "ApiStage": "prod",
    "TargetName": "",
    "HealthPath": "/live",
    "MaxWriteSeconds": "2",
    **dict.fromkeys(("ReadyHook", "BeforeClaimHook", "AfterClaimHook", "BeforeFailbackHook"), ""),
}
API_IDS = {"us-west-2": "west1", "us-east-2": "east2"}


class Account:
    """The application's stacks, by Region, as CloudFormation describes them."""

    def __init__(self) -> None:
        self.outputs = {
            region: [{"OutputKey": "OrdersApi", "OutputValue": api_id}]
            for region, api_id in API_IDS.items()
        }
        self.asked: list[tuple[str, str]] = []
        self.profiles: list[str | None] = []
        self.refuses: Exception | None = None

    def session(self, profile_name: str | None = None) -> Any:
        self.profiles.append(profile_name)
        return self

    def client(self, service: str, region_name: str) -> Any:
        assert service == "cloudformation"

        def describe_stacks(StackName: str) -> dict[str, Any]:
            self.asked.append((region_name, StackName))
            if self.refuses:
                raise self.refuses
            outputs = self.outputs[region_name]
            return {"Stacks": [{"Outputs": outputs} if outputs else {}]}

        stack = MadeUpStack({})
        return Anything(describe_stacks=describe_stacks, get_paginator=stack.get_paginator)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    monkeypatch.setattr(boto3, "Session", made.session)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / FILE).write_text(CONTRACT)
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["contract", str(folder), *arguments])


def as_sam_reads(line: str) -> dict[str, str]:
    found: dict[str, str] = CfnParameterOverridesType().convert(line.strip(), None, None)
    return found


def samconfig(folder: Path, old: str, new: str) -> str:
    """Write another samconfig.toml, and return its path."""
    text = (ROOT / "samconfig.toml").read_text()
    assert old in text
    (folder / "samconfig.toml").write_text(text.replace(old, new))
    return str(folder / "samconfig.toml")


# --- The contract alone ---------------------------------------------------------------------------
def test_the_parameters_of_a_contract_are_printed_as_sam_reads_them(
    account: Account, folder: Path
) -> None:
    ended = run(folder)
    assert ended.exit_code == 0, ended.output
    assert as_sam_reads(ended.output) == OWN
    assert len(ended.output.splitlines()) == 1
    assert account.asked == [], "AWS is not asked"


def test_json_has_the_same_parameters(account: Account, folder: Path) -> None:
    ended = run(folder, "--json")
    assert (ended.exit_code, document(ended, "contract")) == (0, OWN)


def test_an_invalid_contract_ends_with_2_and_says_what_is_wrong(
    account: Account, folder: Path
) -> None:
    (folder / FILE).write_text(CONTRACT.replace("level = 1", "level = 4"))
    ended = run(folder, "--config-env", "primary")
    assert ended.exit_code == 2
    assert ended.output.startswith(f"Error: {folder / FILE}: level: 4 is not one of [0, 1, 2].")
    assert account.asked == []


def test_a_folder_without_a_contract_ends_with_2(tmp_path: Path) -> None:
    ended = run(tmp_path)
    assert (ended.exit_code, "has no pilotlight.toml" in ended.output) == (2, True)


# --- With an environment of samconfig.toml --------------------------------------------------------
@pytest.mark.parametrize("env", ["secondary-first", "primary", "secondary"])
def test_an_environment_s_parameters_are_merged_with_the_api_of_its_region(
    account: Account, folder: Path, env: str
) -> None:
    region, parameters = config(env)
    ended = run(folder, "--config-env", env)
    assert ended.exit_code == 0, ended.output
    assert as_sam_reads(ended.output) == {**parameters, **OWN, "ApiId": API_IDS[region]}
    assert account.asked == [(region, "orders")]


def test_a_target_is_read_from_the_stack_and_empties_the_api(
    account: Account, folder: Path
) -> None:
    api = '[api]\nid = "OrdersApi"\nstage = "prod"\n'
    assert api in CONTRACT
    (folder / FILE).write_text(CONTRACT.replace(api, '[target]\nname = "Entry"\n'))
    account.outputs["us-west-2"] = [{"OutputKey": "Entry", "OutputValue": "lb-1.example.com"}]
    found = as_sam_reads(run(folder, "--config-env", "primary").output)
    assert (found["TargetName"], found["ApiId"]) == ("lb-1.example.com", "")
    alone = as_sam_reads(run(folder).output)
    assert (alone["ApiId"], "TargetName" in alone) == ("", False)


def test_the_contract_wins_over_samconfig(account: Account, folder: Path) -> None:
    file = samconfig(folder, "Role=Primary", "Role=Primary AppLevel=0 HealthPath=/old ApiId=old")
    ended = run(folder, "--config-env", "primary", "--config-file", file, "--json")
    found = json.loads(ended.output)
    assert (found["AppLevel"], found["HealthPath"], found["ApiId"]) == ("1", "/live", "west1")


def test_a_parameter_that_samconfig_empties_stays_empty(account: Account, folder: Path) -> None:
    # sam keeps the previous value of a parameter that is left out.
    file = samconfig(folder, "Role=Primary", r"Role=Primary NotificationEmail=\"\"")
    ended = run(folder, "--config-env", "primary", "--config-file", file)
    assert as_sam_reads(ended.output)["NotificationEmail"] == ""


def test_the_monitor_gets_the_health_path_and_no_example_and_asks_for_no_api(
    account: Account, folder: Path
) -> None:
    _, parameters = config("monitor")
    ended = run(folder, "--config-env", "monitor")
    assert ended.exit_code == 0, ended.output
    own = {"ExampleApp": "false", "HealthPath": "/live"}
    assert as_sam_reads(ended.output) == {**parameters, **own}
    assert account.asked == []


def test_the_stack_is_read_with_the_profile_of_the_environment(
    account: Account, folder: Path
) -> None:
    file = samconfig(folder, "resolve_s3", 'profile = "ops"\nresolve_s3')
    assert run(folder, "--config-env", "primary", "--config-file", file).exit_code == 0
    assert run(folder, "--config-env", "primary").exit_code == 0
    assert account.profiles == ["ops", None]


@pytest.mark.parametrize(
    "error",
    [
        ClientError(
            {"Error": {"Code": "ValidationError", "Message": "Stack orders does not exist"}},
            "DescribeStacks",
        ),
        NoCredentialsError(),
        ProfileNotFound(profile="ops"),
    ],
)
def test_a_stack_that_cannot_be_read_ends_with_1_and_says_what_to_do(
    account: Account, folder: Path, error: Exception
) -> None:
    account.refuses = error
    ended = run(folder, "--config-env", "primary")
    assert ended.exit_code == 1
    assert ended.output == (
        f"Error: The stack orders in us-west-2 could not be read: {error}. "
        "Deploy the application there first.\n"
    )


@pytest.mark.parametrize(("there", "named"), [(["Url", "ApiId"], "ApiId, Url"), ([], "none")])
def test_an_output_that_is_not_there_ends_with_2_and_names_those_that_are(
    account: Account, folder: Path, there: list[str], named: str
) -> None:
    account.outputs["us-east-2"] = [{"OutputKey": k, "OutputValue": "v"} for k in there]
    ended = run(folder, "--config-env", "secondary")
    assert ended.exit_code == 2
    assert ended.output == (
        "Error: pilotlight.toml: api.id is 'OrdersApi', and the stack orders has neither an output "
        f"nor a resource of this name. Its outputs: {named}.\n"
    )


def test_names_that_cover_pilot_light_s_own_tables_end_with_2_before_aws_is_asked(
    account: Account, folder: Path
) -> None:
    (folder / FILE).write_text(CONTRACT.replace("orders*", "o*"))
    file = samconfig(folder, "Role=Primary", "Role=Primary AppName=orders")
    ended = run(folder, "--config-env", "primary", "--config-file", file)
    assert ended.exit_code == 2
    assert "covers Pilot Light's own orders-control-quorum" in ended.output
    assert account.asked == []


def test_what_the_template_does_not_accept_ends_with_2(account: Account, folder: Path) -> None:
    account.outputs["us-west-2"][0]["OutputValue"] = "https://orders.example"
    ended = run(folder, "--config-env", "primary")
    assert ended.exit_code == 2
    assert ended.output.startswith(
        'Error: samconfig.toml, environment primary: ApiId is "https://orders.example"; it must '
    )


@pytest.mark.parametrize(
    "arguments",
    [["--config-env", "nobody"], ["--no-such-option"], ["--config-env", "primary", "more"]],
)
def test_a_wrong_usage_ends_with_2(account: Account, folder: Path, arguments: list[str]) -> None:
    assert (run(folder, *arguments).exit_code, account.asked) == (2, [])


def test_a_file_of_samconfig_that_is_not_there_ends_with_2(account: Account, folder: Path) -> None:
    ended = run(folder, "--config-env", "primary", "--config-file", "/nowhere/samconfig.toml")
    assert (ended.exit_code, account.asked) == (2, [])


def test_a_folder_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    ended = run(tmp_path / "nowhere")
    assert (ended.exit_code, "does not exist" in ended.output) == (2, True)


@pytest.mark.parametrize("arguments", [["contract", "--help"], ["contract", "-h"]])
def test_the_command_explains_itself(arguments: list[str]) -> None:
    ended = CliRunner().invoke(main, arguments)
    assert ended.exit_code == 0
    assert "Usage: main contract [OPTIONS] FOLDER" in ended.output
