"""The examples at level 1, by their patches: who writes is decided by the control item."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from lab import application
from lab.control import Control
from lab.progress import Progress
from tests.e2e import applications
from tests.e2e.applications import add_node_client, add_python_client, at_level, needs_sdk
from tests.e2e.engines import engine, until
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, VIRGINIA
from tools.reader import contract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.config import LabConfig

pytestmark = pytest.mark.e2e
CONTROL, LAST_RESORT = "pilot-light-control-quorum", "pilot-light-last-resort"
KEYS: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
}
TABLES = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "Control": {
            "Type": "AWS::DynamoDB::GlobalTable",
            "Properties": {
                "TableName": CONTROL,
                **KEYS,
                "MultiRegionConsistency": "STRONG",
                "Replicas": [{"Region": PRIMARY}, {"Region": SECONDARY}],
                "GlobalTableWitnesses": [{"Region": VIRGINIA}],
            },
        }
    },
}
PING = {"pilot_light": {"warm": {"hold_ms": 0}}}


class Lab:
    """An engine with what a Pilot Light stack has of tables that the fence reads."""

    def __init__(self, config: LabConfig, folder: Path) -> None:
        self.config, self.control = config, Control(config)
        template = folder / "tables.json"
        template.write_text(json.dumps(TABLES))
        application.deploy(config, Progress(), template, SECONDARY, "control")
        for region in (PRIMARY, SECONDARY):
            self.control.client("dynamodb", region).create_table(TableName=LAST_RESORT, **KEYS)

    def activate(self, region: str, state: str = "serving") -> None:
        item = {
            "pk": {"S": "control"},
            "revision": {"N": "1"},
            "active_region": {"S": region},
            "epoch": {"N": "1"},
            "state": {"S": state},
        }
        self.control.client("dynamodb", SECONDARY).put_item(TableName=CONTROL, Item=item)

    def grant_last_resort(self, region: str) -> None:
        values = {"until": {"N": str(int(time.time()) + 600)}, "epoch": {"N": "1"}}
        item = {"pk": {"S": "last-resort"}, "by": {"S": "a person"}, **values}
        self.control.client("dynamodb", region).put_item(TableName=LAST_RESORT, Item=item)

    def has_last_resort(self, region: str) -> bool:
        table = self.control.client("dynamodb", region)
        return bool(table.scan(TableName=LAST_RESORT)["Items"])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("engine")
    with engine(folder) as (config, _):
        yield Lab(config, folder)


def refusal(application: Any, method: str, path: str, body: Any) -> str | None:
    """Return the code of a refusal, or None if the write was taken."""
    status, answer, headers = application.ask_in_full(method, path, body)
    if status != 503:
        return None
    assert headers["Retry-After"] == "1"
    return str(answer["error"]["code"])


def taken_without_it(lab: Lab, application: Any, *asked: Any) -> bool:
    """Return whether a write was taken and left no last resort."""
    return refusal(application, *asked) is None and not lab.has_last_resort(application.region)


@needs_sdk
def test_orders_are_taken_in_the_active_region_only(lab: Lab, tmp_path: Path) -> None:
    copy = at_level(1, "orders-node", tmp_path, add_node_client)
    lab.activate(PRIMARY)
    here, there = applications.deploy(lab.config, copy, PRIMARY, SECONDARY)
    declared = contract.read(copy)
    assert declared.level == 1
    write, body = ("PUT", "/orders/1"), declared.lab["body"]

    # Where it is active it takes the write; elsewhere it serves reads.
    assert here.ask(*write, body)[0] == 200
    assert refusal(there, *write, body) == "NotActive"
    assert refusal(there, "POST", "/orders", body) == "NotActive"
    until("the order has arrived", lambda: there.ask("GET", "/orders/1")[0] == 200)
    assert there.ask("GET", "/health")[1]["region"] == SECONDARY

    # The control item decides, in either Region.
    lab.activate(SECONDARY, "claimed")
    until("the claim is seen", lambda: refusal(here, *write, body) == "Claimed")
    assert refusal(there, *write, body) == "Claimed"
    lab.activate(SECONDARY)
    until("the other Region takes over", lambda: refusal(there, *write, body) is None)
    assert refusal(here, *write, body) == "NotActive"

    # Warm pings are answered by what the contract names, and reach no handler.
    (function,) = declared.functions
    assert set(here.invoke(function, PING)) == {"environment"}

    # Without a quorum nobody writes, but by a last resort, which ends with the quorum's return.
    lab.activate(PRIMARY)
    until("it is active again", lambda: refusal(here, *write, body) is None)
    lab.control.act("outage", mode="two-regions", region=SECONDARY)
    until("the quorum is lost", lambda: refusal(here, *write, body) == "NoQuorum")
    lab.grant_last_resort(PRIMARY)
    assert refusal(here, *write, body) is None
    lab.control.act("heal")
    until("the last resort is void", lambda: taken_without_it(lab, here, *write, body))


def test_jobs_are_enqueued_and_worked_off_in_the_active_region_only(
    lab: Lab, tmp_path: Path
) -> None:
    copy = at_level(1, "queue-worker", tmp_path, add_python_client)
    lab.activate(PRIMARY)
    here, there = applications.deploy(lab.config, copy, PRIMARY, SECONDARY)
    declared = contract.read(copy)
    assert declared.level == 1
    body = declared.lab["body"]

    # Where it is active, jobs are enqueued and worked off.
    assert here.ask("PUT", "/jobs/1", body)[0] == 202
    until("the job is done", lambda: here.ask("GET", "/jobs/1")[0] == 200)
    assert refusal(there, "PUT", "/jobs/2", body) == "NotActive"
    assert there.ask("GET", "/health")[1]["region"] == SECONDARY

    # A message that lies in the passive Region stays there, received and not worked on.
    sqs = there.client("sqs")
    (queue,) = sqs.list_queues(QueueNamePrefix=f"{there.stack}-Queue")["QueueUrls"]
    patient = json.loads(attributes(sqs, queue)["RedrivePolicy"]) | {"maxReceiveCount": 1000}
    often = {"VisibilityTimeout": "1", "RedrivePolicy": json.dumps(patient)}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=often)
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"id": "left", "text": "one"}))
    until("it was received", lambda: in_flight(sqs, queue) == (0, 1))
    until("it is back", lambda: in_flight(sqs, queue) == (1, 0))
    until("it was received again", lambda: in_flight(sqs, queue) == (0, 1))
    assert there.ask("GET", "/jobs/left")[0] == 404

    # Once that Region is active, it is worked off.
    lab.activate(SECONDARY)
    until("the job that was left is done", lambda: there.ask("GET", "/jobs/left")[0] == 200)
    assert there.ask("GET", "/jobs/left")[1]["region"] == SECONDARY
    until("the queue is empty", lambda: in_flight(sqs, queue) == (0, 0))
    assert refusal(here, "PUT", "/jobs/3", body) == "NotActive"
    for function in declared.functions:
        assert set(there.invoke(function, PING)) == {"environment"}


def attributes(sqs: Any, queue: str) -> dict[str, str]:
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
    return dict(found["Attributes"])


def in_flight(sqs: Any, queue: str) -> tuple[int, int]:
    """Return how many messages wait, and how many were received and are not visible."""
    found = attributes(sqs, queue)
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    waiting, received = (int(found[name]) for name in names)
    return waiting, received
