"""Commands with the real SDK, whose answers are moto's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from click.testing import CliRunner
from moto import mock_aws

from cli import deployment as deployments, probes
from cli.asking.clients import Clients
from cli.main import main
from cli.removal import deleting, looking
from cli.removal.steps import steps
from tests.ledger_table import create_ledger
from tests.unit.cli.documents import document
from tests.unit.cli.made_up_pair import ACCOUNT, BUCKETS, LEDGER, PRIMARY, SECONDARY, Pair
from tests.unit.functions.ledger.ledger_entries import entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.testing import Result

    from cli.removal.steps import Step

GROUPS = (
    "/aws/lambda/pilot-light-recovery",
    "/aws/lambda/pilot-light-sentinel",
    "/aws/vendedlogs/states/pilot-light-failover",
)
ROLE = "arn:aws:iam::123456789012:role/machine"
ENTRY = entry()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(
        main, list(arguments), prog_name="pilot-light", catch_exceptions=False
    )


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    pair = Pair()
    pair.fail_over()
    pair.add_entry(ENTRY)
    monkeypatch.setattr(probes, "probe", lambda _network, name, *_: pair.probes[name])
    monkeypatch.setattr(probes, "beacon", lambda *_: pair.beacon)
    with mock_aws():
        for (region, table), rows in pair.tables.items():
            create_table(region, table, rows)
        for region in (PRIMARY, SECONDARY):
            create_region(region)
        yield pair


def create_table(region: str, table: str, rows: list[dict[str, Any]]) -> None:
    client = boto3.client("dynamodb", region)
    if table == LEDGER:
        create_ledger(client, table)
    else:
        keys = ["pk", "sk"] if table.endswith("journal") else ["pk"]
        client.create_table(
            TableName=table,
            KeySchema=[
                {"AttributeName": k, "KeyType": kind}
                for k, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
            BillingMode="PAY_PER_REQUEST",
        )
    for item in rows:
        client.put_item(TableName=table, Item=item)


def create_region(region: str) -> None:
    client = boto3.client("stepfunctions", region)
    for name in ("failover", "switchover", "emergency"):
        client.create_state_machine(name=f"pilot-light-{name}", definition="{}", roleArn=ROLE)
    s3 = boto3.client("s3", region)
    s3.create_bucket(
        Bucket=BUCKETS[region], CreateBucketConfiguration={"LocationConstraint": region}
    )
    logs = boto3.client("logs", region)
    for group in GROUPS:
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")


def test_status_reads_everything_but_the_witness_which_moto_has_not() -> None:
    found = document(run("status", "--json"), "status")
    assert found["problems"] == []
    assert found["active"]["active_region"] == SECONDARY
    verdicts = {name: fact["verdict"] for name, fact in found["facts"].items()}
    assert verdicts.pop("control_table") == "attention"
    assert {n for n, v in verdicts.items() if v != "ok"} == {"control", "ledger"}
    assert found["facts"]["ledger"]["open"] == 1


def test_history_and_ledger_are_read() -> None:
    assert document(run("history", "--json"), "history")["recoveries"][0]["epoch"] == 2
    listed = document(run("ledger", "list", "--json"), "ledger-list")
    assert [e["write_id"] for e in listed["entries"]] == [ENTRY.write_id]
    shown = document(run("ledger", "show", ENTRY.write_id, "--json"), "ledger-show")
    assert shown["entry"]["new"]["item"] == {"text": "green"}


def test_a_report_is_fetched() -> None:
    s3, key = boto3.client("s3", SECONDARY), "reports/drill/20260101T000000Z-run-2/report.json"
    s3.put_object(Bucket=BUCKETS[SECONDARY], Key=key, Body=b'{"id": 7}')
    assert json.loads(run("report", "run-2", "--json").stdout) == {"id": 7}
    assert run("report", "run-3").exit_code == 1


def test_logs_of_an_execution_are_read_by_its_machine_and_its_name() -> None:
    client = boto3.client("stepfunctions", SECONDARY)
    machines = client.list_state_machines()["stateMachines"]
    (arn,) = (m["stateMachineArn"] for m in machines if m["name"].endswith("-failover"))
    started = client.start_execution(stateMachineArn=arn, name="run-2")
    logs = boto3.client("logs", SECONDARY)
    line = {"service": "decide", "message": "Decided", "correlation_id": started["executionArn"]}
    at = round(started["startDate"].timestamp() * 1000)
    events: Any = [
        {"timestamp": at, "message": json.dumps(line)},
        {"timestamp": at, "message": "of another"},
    ]
    logs.put_log_events(logGroupName=GROUPS[0], logStreamName="s", logEvents=events)
    for arguments in (["run-2"], []):
        found = document(run("logs", *arguments, "--json"), "logs")
        assert [x["message"] for x in found["lines"]] == ["Decided"]


@pytest.fixture
def removal(monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    """The steps but for stacks, which moto only has with more libraries. It loads slowly."""
    monkeypatch.setattr(looking, "REGION_SECONDS", 60.0)
    monkeypatch.setattr(deleting, "POLL_SECONDS", 0.0)
    found = steps(deployments.find(None, None), ACCOUNT)
    return [one for one in found if one.kind != "stack"]


def test_a_removal_tells_what_is_gone_from_what_is_there(removal: list[Step]) -> None:
    states = {one.step.what: one.state for one in looking.look(Clients(), removal)}
    assert states["table pilot-light-ledger in us-east-2"] == "there"
    assert states["table pilot-light-app-items in us-east-2 and us-west-2"] == "gone"
    assert states[f"bucket {BUCKETS[PRIMARY]} in us-west-2"] == "there"
    assert states["vault pilot-light-backups in us-west-2"] == "gone"


def test_buckets_with_versions_protected_tables_and_vaults_are_deleted(
    removal: list[Step],
) -> None:
    s3, bucket = boto3.client("s3", PRIMARY), BUCKETS[PRIMARY]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a", "a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    s3.delete_object(Bucket=bucket, Key="b")
    boto3.client("backup", PRIMARY).create_backup_vault(BackupVaultName="pilot-light-backups")
    boto3.client("dynamodb", SECONDARY).update_table(
        TableName=LEDGER, DeletionProtectionEnabled=True
    )
    simple = [one for one in removal if one.replica is None]
    reported: list[str] = []
    for step in simple:
        deleting.delete(Clients(), step, reported.append)
    assert "versions of objects: 4" in reported
    assert {one.state for one in looking.look(Clients(), simple)} == {"gone"}
