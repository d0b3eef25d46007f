"""A table with items becomes global and moves to another stack, by docs/existing-tables.md."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lab import application
from lab.config import ROOT
from lab.control import Control
from lab.progress import Progress
from tests.e2e.engines import engine, until
from tests.e2e.walks import AWS, needs_aws_cli
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY

if TYPE_CHECKING:
    from lab.config import LabConfig

pytestmark = [pytest.mark.e2e, pytest.mark.long, needs_aws_cli]
PAGE = (ROOT / "docs" / "existing-tables.md").read_text()
BACKUP, REPLICA, CHANGE_SET, EXECUTION = re.findall(
    r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE
)
ITEMS = 500
PROPERTIES: dict[str, Any] = {
    "TableName": "orders",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}
SINGLE = {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Properties": PROPERTIES}
GLOBAL = {
    "Type": "AWS::DynamoDB::GlobalTable",
    "Condition": "OwnsTable",
    "DeletionPolicy": "RetainExceptOnCreate",
    "Properties": {
        **PROPERTIES,
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        "Replicas": [{"Region": PRIMARY}, {"Region": SECONDARY}],
    },
}


def written(folder: Path, **tables: Any) -> Path:
    """Write the template of a stack that has something else beside the table."""
    template = folder / "template.yaml"
    parameter = {"Type": "String", "Default": "false"}
    document = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {"OwnsTable": parameter},
        "Conditions": {"OwnsTable": {"Fn::Equals": [{"Ref": "OwnsTable"}, "true"]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}, **tables},
    }
    template.write_text(json.dumps(document))
    return template


class Writer:
    """Goes on writing to the table, as its application does."""

    def __init__(self, table: Any) -> None:
        self.count, self._table, self._ended = 0, table, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._ended.is_set():
            item = {"pk": {"S": str(self.count)}, "text": {"S": "x" * 100}}
            self._table.put_item(TableName="orders", Item=item)
            self.count += 1

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def described(stacks: Any) -> list[Any]:
    try:
        return list(stacks.describe_stacks(StackName="orders")["Stacks"])
    except ClientError:
        return []


def typed(config: LabConfig, folder: Path, commands: str) -> str:
    """Type commands of the page into a shell in the folder of the template."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SAM_"))}
    folders = [str(Path(sys.executable).parent), kept["PATH"]]
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f'aws() {{ "{AWS}" "$@"; }}\n{commands}'],
        cwd=folder,
        env={
            **kept,
            "PATH": os.pathsep.join(folders),
            "AWS_ENDPOINT_URL": config.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "SAM_CLI_TELEMETRY": "0",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_a_table_of_one_region_becomes_global_and_changes_its_stack_without_losing_an_item(
    tmp_path: Path,
) -> None:
    with engine(tmp_path) as (config, _):
        lab = Control(config)
        here, there = (lab.client("dynamodb", region) for region in (PRIMARY, SECONDARY))

        def deploy(region: str, *parameters: str, **tables: Any) -> None:
            template = written(tmp_path, **tables)
            application.deploy(config, Progress(), template, region, "orders", parameters)

        def owned(region: str) -> set[str]:
            stacks = lab.client("cloudformation", region)
            found = stacks.list_stack_resources(StackName="orders")["StackResourceSummaries"]
            return {
                f["PhysicalResourceId"] for f in found if f["ResourceStatus"] != "DELETE_SKIPPED"
            }

        def count(table: Any) -> int:
            pages = table.get_paginator("scan").paginate(TableName="orders")
            return sum(len(page["Items"]) for page in pages)

        deploy(PRIMARY, Table=SINGLE)
        with Writer(here) as writer:
            until("there are items", lambda: writer.count >= ITEMS)
            typed(config, tmp_path, BACKUP + REPLICA)
            # Out of its stack, and into the other one.
            for region in (PRIMARY, SECONDARY):
                deploy(region)
                assert "orders" not in owned(region)
            written(tmp_path, Table=GLOBAL)
            assert "Import\tTable" in typed(config, tmp_path, CHANGE_SET)
            typed(config, tmp_path, EXECUTION)
            assert "orders" in owned(SECONDARY)
            deploy(PRIMARY, "OwnsTable=false", Table=GLOBAL)
            deploy(SECONDARY, "OwnsTable=true", Table=GLOBAL)
        assert writer.count > ITEMS
        until("all items are there", lambda: count(there) == writer.count)
        assert count(here) == writer.count

        # The stack that had it can go.
        stacks = lab.client("cloudformation", PRIMARY)
        stacks.delete_stack(StackName="orders")
        until("it is deleted", lambda: not described(stacks))
        assert count(here) == count(there) == writer.count
