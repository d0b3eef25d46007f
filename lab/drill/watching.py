"""Reads the lab's AWS and starts its machines, as the owner of the account, and waits for both."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lab.config import LabError
from lab.control import control_table
from lab.drill.history import JOURNAL
from lab.drill.observations import Change, ControlItem, Execution, Notification, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.config import LabConfig
    from lab.control import Control as Lab

POLL_SECONDS = 0.2


def within(seconds: float, done: Callable[[], Any]) -> bool:
    """Wait until something is done, and return whether it was in time."""
    end = time.time() + seconds
    while not done():
        if time.time() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def caught_up(lab: Lab) -> bool:
    """Return whether nothing waits to be replicated in either direction."""
    links = lab.act("replication")["links"].values()
    return all(link["waiting"] == 0 for link in links)


def _readable(message: str) -> str:
    """Return the fields of a message one below the other. An alarm has another form, and stays."""
    try:
        fields = json.loads(message)
    except ValueError:
        return message
    is_ours = isinstance(fields, dict) and "kind" in fields
    return "\n".join(map(str, fields.values())) if is_ours else message


class Watch:
    """A Region of a lab, read: the Secondary's where none is named."""

    def __init__(self, config: LabConfig, lab: Lab, region: str = "") -> None:
        self._config = config
        self._lab = lab
        region = region or config.secondary_region
        self._dynamodb = lab.client("dynamodb", region)
        self._stepfunctions = lab.client("stepfunctions", region)
        self._sqs = lab.client("sqs", region)
        self._sns = lab.client("sns", region)
        self._lambda = lab.client("lambda", region)
        self._cloudwatch = lab.client("cloudwatch", region)
        self._queue = ""
        machines = self._stepfunctions.list_state_machines()["stateMachines"]
        self._machines = {m["name"]: m["stateMachineArn"] for m in machines}

    @property
    def machine(self) -> str:
        """The ARN of the failover machine."""
        return self._machine("failover")

    def _machine(self, name: str) -> str:
        return str(self._machines[f"{self._config.app_name}-{name}"])

    def subscribe(self) -> None:
        """Subscribe a queue to the notifications, as a person's pager would be."""
        topic = next(
            t["TopicArn"]
            for t in self._sns.list_topics()["Topics"]
            if t["TopicArn"].endswith(f":{self._config.app_name}-recovery")
        )
        queue = self._sqs.create_queue(QueueName=f"{self._config.app_name}-drill")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        endpoint = arn["Attributes"]["QueueArn"]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": endpoint,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self._sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
        self._sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint)
        self._queue = queue

    def notifications(self) -> list[Notification]:
        """Take what has arrived at the queue."""
        received: list[Notification] = []
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                attributes = body.get("MessageAttributes", {})
                event, token = (
                    attributes.get(name, {}).get("Value", missing)
                    for name, missing in (("event", "unknown"), ("task_token", ""))
                )
                at = datetime.fromisoformat(body["Timestamp"]).timestamp()
                text = body.get("Subject", ""), _readable(body.get("Message", ""))
                received.append(Notification(at, event, *text, token))
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return received

    def control(self) -> ControlItem | None:
        """Return who is active, by a strong read in this Region."""
        return read_control(self._dynamodb, self._config)

    def last_resort(self) -> dict[str, Any]:
        """Return what lets this Region write without a quorum; empty where nothing does."""
        return self._item("last-resort", "last-resort")

    def lock(self) -> dict[str, Any]:
        """Return the lock of the recoveries; empty where there is none."""
        return self._item("recoveries", "lock")

    def first_failed_probe(self) -> float | None:
        """Return when the sentinel's first probe of the outage failed."""
        at = self._item("recoveries", "sentinel").get("first_failed_at")
        return datetime.fromisoformat(at).timestamp() if at else None

    def last_good_probe(self, since: float, until: float) -> float | None:
        """Return the last tick between two moments at which the sentinel found nothing wrong."""
        points = self._probe_results(since, until, "Maximum")
        good = [p["Timestamp"].timestamp() for p in points if p["Maximum"] == 0]
        return max((at for at in good if since <= at < until), default=None)

    def has_seen_primary_healthy(self) -> bool:
        """Return whether the sentinel has found the Primary healthy."""
        return "well_at" in self._item("recoveries", "sentinel")

    def probe_results(self, since: float) -> dict[int, int]:
        """Return how many points the sentinel's metric has in each second that has any."""
        points = self._probe_results(since, time.time() + 1, "SampleCount")
        return {int(p["Timestamp"].timestamp()): int(p["SampleCount"]) for p in points}

    def _probe_results(self, since: float, until: float, statistic: str) -> list[dict[str, Any]]:
        points: list[dict[str, Any]] = self._cloudwatch.get_metric_statistics(
            Namespace="PilotLight",
            MetricName="PrimaryUnhealthy",
            Dimensions=[{"Name": "service", "Value": f"{self._config.app_name}-sentinel"}],
            StartTime=since,
            EndTime=until,
            Period=1,
            Statistics=[statistic],
        )["Datapoints"]
        return points

    def recovery(self, epoch: int) -> dict[str, Any]:
        """Return the record of the recovery that made an epoch; empty where there is none."""
        return self._item("recoveries", f"recovery#{epoch}")

    def recoveries(self) -> list[str]:
        """Return the keys of all recoveries on record."""
        table = f"{self._config.app_name}-recoveries"
        items = self._dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
        return sorted(i["pk"]["S"] for i in items if i["pk"]["S"].startswith("recovery#"))

    def changes(self, since: float) -> list[Change]:
        """Return what changed in the lab."""
        return [Change(**c) for c in self._lab.act("transitions", since=since)]

    def executions(self, since: float) -> list[Execution]:
        """Return the runs of the failover machine since a moment, oldest first."""
        listed = self._stepfunctions.list_executions(stateMachineArn=self.machine)["executions"]
        recent = [e for e in listed if e["startDate"].timestamp() >= since]
        ordered = sorted(recent, key=lambda e: e["startDate"])
        return [self.execution(e["executionArn"]) for e in ordered]

    def start(self, machine: str, request: dict[str, Any]) -> str:
        """Start a machine as a person does, and return the execution's ARN."""
        arn = self._machine(machine)
        started = self._stepfunctions.start_execution(
            stateMachineArn=arn, input=json.dumps(request)
        )
        return str(started["executionArn"])

    def run(self, machine: str, request: dict[str, Any], seconds: float = 90.0) -> Execution:
        """Start a machine, wait until the execution ends or time is up, and return it."""
        arn = self.start(machine, request)
        within(seconds, lambda: self.ended(arn))
        return self.execution(arn)

    def ended(self, arn: str) -> bool:
        """Return whether an execution has ended."""
        description = self._stepfunctions.describe_execution(executionArn=arn)
        return bool(description["status"] != "RUNNING")

    def execution(self, arn: str) -> Execution:
        """Return a run and its way through the states."""
        description = self._stepfunctions.describe_execution(executionArn=arn)
        events = self._stepfunctions.get_execution_history(executionArn=arn, maxResults=1000)
        output = description.get("output")
        failure = {"error": description.get("error"), "cause": description.get("cause")}
        return Execution(
            arn=arn,
            input=json.loads(description["input"]),
            status=description["status"],
            output=json.loads(output) if output else failure,
            started=description["startDate"].timestamp(),
            ended=description["stopDate"].timestamp() if description.get("stopDate") else None,
            states=states_of(events["events"]),
        )

    def ledger(self, **request: Any) -> dict[str, Any]:
        """Ask the ledger as a person does, by its function.

        Raises
        ------
        LabError
            It refused the request. The text has its error.
        """
        name = f"{self._config.app_name}-ledger:live"
        answer = self._lambda.invoke(FunctionName=name, Payload=json.dumps(request).encode())
        response: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise LabError(f"The ledger refused {request['action']}: {response}")
        return response

    def overview(self) -> dict[str, Any]:
        """Return the state of the deployment, as its overview function does."""
        name = f"{self._config.app_name}-overview:live"
        answer = self._lambda.invoke(FunctionName=name, Payload=b'{"view": "facts"}')
        response: dict[str, Any] = json.loads(answer["Payload"].read())
        return response

    def whole_ledger(self) -> dict[str, Any]:
        """Return the ledger with all of its entries, page by page."""
        page = self.ledger(action="list")
        entries: list[dict[str, Any]] = page["entries"]
        while page["next"]:
            page = self.ledger(action="list", after=page["next"])
            entries += page["entries"]
        return {**page, "entries": entries}

    def rows(self, region: str) -> list[dict[str, Any]]:
        """Return what a Region's replicas hold: items, journal, heartbeats."""
        scan = self._lab.client("dynamodb", region).get_paginator("scan")
        tables = (f"{self._config.app_name}-{name}" for name in ("app-items", "journal"))
        pages = (p for t in tables for p in scan.paginate(TableName=t, ConsistentRead=True))
        return [row for page in pages for row in page["Items"]]

    def authorities(self, region: str) -> dict[str, str]:
        """Return by whose authority each write of a Region's journal was made."""
        prefix = f"{JOURNAL}{region}#"
        entries = (row for row in self.rows(region) if row["pk"]["S"].startswith(prefix))
        return {e["sk"]["S"]: e.get("authority", {}).get("S", "quorum") for e in entries}

    def _item(self, table: str, key: str) -> dict[str, Any]:
        response = self._dynamodb.get_item(
            TableName=f"{self._config.app_name}-{table}",
            Key={"pk": {"S": key}},
            ConsistentRead=True,
        )
        return {k: next(iter(v.values())) for k, v in response.get("Item", {}).items()}


def read_control(dynamodb: Any, config: LabConfig) -> ControlItem | None:
    """Return who is active, by a strong read; None where there is no control item."""
    response = dynamodb.get_item(
        TableName=control_table(config), Key={"pk": {"S": "control"}}, ConsistentRead=True
    )
    item = response.get("Item")
    if not item:
        return None
    numbers = int(item["epoch"]["N"]), int(item["revision"]["N"])
    return ControlItem(item["active_region"]["S"], *numbers, item["state"]["S"])


def states_of(events: list[dict[str, Any]]) -> list[State]:
    """Return the passages through an execution's states by its history, in order of their entry."""
    open_: dict[str, float] = {}
    states: list[State] = []
    for event in events:
        at = event["timestamp"].timestamp()
        if entered := event.get("stateEnteredEventDetails"):
            open_[entered["name"]] = at
        elif (left := event.get("stateExitedEventDetails")) and left["name"] in open_:
            states.append(State(left["name"], open_.pop(left["name"]), at))
    return sorted(states, key=lambda s: s.entered)
