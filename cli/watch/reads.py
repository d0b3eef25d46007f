"""What `watch` asks: one execution and its history, what runs, and past runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pilotlight.recoveries import schema

from cli.asking.call import Call, get_item
from cli.asking.together import Answers, ask
from cli.options import REGION_SECONDS
from cli.status.reads import EVERYWHERE, MACHINES
from cli.watch.forecast import MOST, past_runs

if TYPE_CHECKING:
    from cli.asking.clients import Clients
    from cli.asking.problem import Problem
    from cli.deployment import Deployment
    from cli.watch.forecast import Past
    from cli.watch.run import Run

ARN = re.compile(
    r"arn:[^:]+:states:(?P<region>[^:]+):\d*:execution:(?P<machine>[^:]+):(?P<name>[^:]+)"
)
# The newest events come first. A poll rarely finds more than a few new ones; a hold of an hour has
# thousands of old ones, of which the newest are enough.
FEW, MANY, PAGES = 40, 200, 5
# Records of other modes are among them.
EPOCHS = 3 * MOST
_RECORD = ("epoch", "mode", "timeline")


@dataclass
class Poll:
    """What one poll has read."""

    description: dict[str, Any] | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    # How many older events were left out.
    left_out: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        """Whether anything was answered."""
        return self.description is not None or bool(self.events)


def poll(clients: Clients, arn: str, run: Run) -> Poll:
    """Read an execution's state, and its events since the last one that the run has taken."""
    region, found, token = _region(arn), Poll(), None
    for number in range(PAGES):
        calls = [history(arn, MANY if run.last_id == 0 else FEW, token)]
        if number == 0:
            calls.append(describe(arn))
        answers = Answers(region)
        ask(clients, calls, REGION_SECONDS, answers)
        found.problems += answers.problems.values()
        found.description = answers.values.get("execution", found.description)
        page = answers.values.get("history")
        if page is None and run.last_id == 0 and found.events:
            # The newest events are enough of a run that began long ago.
            break
        if page is None:
            # The next poll reads them together with those that are missing.
            found.events = []
            return found
        found.events += page["events"]
        token = page.get("nextToken")
        oldest = min((e["id"] for e in found.events), default=0)
        if token is None or oldest <= run.last_id + 1:
            return found
    found.left_out = oldest - run.last_id - 1
    return found


def history(arn: str, most: int, token: str | None = None) -> Call:
    """Return the read of a page of an execution's events, the newest first."""
    arguments = {"executionArn": arn, "reverseOrder": True, "maxResults": most}
    arguments |= {"includeExecutionData": True}
    if token:
        arguments["nextToken"] = token
    return _of_execution(
        "history", "get_execution_history", "states:GetExecutionHistory", arn, arguments
    )


def describe(arn: str, name: str = "execution") -> Call:
    """Return the read of an execution."""
    return _of_execution(
        name, "describe_execution", "states:DescribeExecution", arn, {"executionArn": arn}
    )


def _of_execution(
    name: str, operation: str, permission: str, arn: str, arguments: dict[str, Any]
) -> Call:
    resource = arn.split(":", 5)[-1]
    why = f"how the execution {arn.rsplit(':', 1)[-1]} goes on"
    return Call(
        name, _region(arn), "stepfunctions", operation, arguments, permission, resource, why
    )


def _region(arn: str) -> str:
    return arn.split(":")[3]


def machines(deployment: Deployment) -> list[tuple[str, str]]:
    """Return Region and name of all machines, those first that a person asks about most."""
    of_secondary = (*MACHINES, *EVERYWHERE)
    return [
        *((deployment.secondary, name) for name in of_secondary),
        *((deployment.primary, name) for name in EVERYWHERE),
    ]


def executions(deployment: Deployment, region: str, account: dict[str, Any]) -> list[Call]:
    """Return the questions what runs in a Region, and which run is the newest that began."""
    calls = []
    for _, name in (m for m in machines(deployment) if m[0] == region):
        arn = machine_arn(deployment, region, name, account)
        for kind, more in (
            ("running", {"statusFilter": "RUNNING", "maxResults": 20}),
            ("newest", {"maxResults": 1}),
        ):
            calls.append(
                Call(
                    f"{kind}#{name}",
                    region,
                    "stepfunctions",
                    "list_executions",
                    {"stateMachineArn": arn, **more},
                    "states:ListExecutions",
                    f"stateMachine:{deployment.name(name)}",
                    f"the {kind} executions of {name}",
                )
            )
    return calls


def machine_arn(deployment: Deployment, region: str, name: str, account: dict[str, Any]) -> str:
    """Return the ARN of a machine of the account that answered."""
    partition = account["Arn"].split(":")[1]
    return deployment.machine(name, account["Account"], region, partition=partition)


def control(deployment: Deployment) -> list[Call]:
    """Return the first reads for past runs."""
    table = deployment.name("recoveries")
    return [
        get_item(
            deployment.secondary,
            deployment.name("control-quorum"),
            "control",
            "the newest epoch",
            name="control",
        ),
        get_item(deployment.secondary, table, schema.REHEARSAL, "how long the last rehearsal took"),
    ]


def records(deployment: Deployment, epochs: list[str]) -> Call:
    """Return the read of the stages of past recoveries."""
    table = deployment.name("recoveries")
    request = {
        "Keys": [schema.key(schema.RECOVERY, epoch) for epoch in epochs],
        "ConsistentRead": True,
        # A record is large: it has all evidence.
        "ProjectionExpression": ", ".join(f"#{name}" for name in _RECORD),
        "ExpressionAttributeNames": {f"#{name}": name for name in _RECORD},
    }
    return Call(
        "records",
        deployment.secondary,
        "dynamodb",
        "batch_get_item",
        {"RequestItems": {table: request}},
        "dynamodb:BatchGetItem",
        f"table/{table}",
        "how long past runs took",
    )


def past(clients: Clients, deployment: Deployment) -> list[Past] | None:
    """Read the past runs; None if they could not be read. They are only a hint."""
    answers = Answers(deployment.secondary)

    def following(known: Answers) -> list[Call]:
        item = known.values.get("control", {}).get("Item", {})
        newest = int(item.get("epoch", {}).get("N", 1))
        epochs = [str(e) for e in range(newest, max(newest - EPOCHS, 1), -1)]
        return [records(deployment, epochs)] if epochs else []

    ask(clients, control(deployment), REGION_SECONDS, answers, following, ["control"])
    if answers.problems:
        return None
    responses = answers.values.get("records", {}).get("Responses", {})
    rows = [schema.plain(row) for table in responses.values() for row in table]
    rows.sort(key=lambda row: row.get("epoch") or 0, reverse=True)
    return past_runs(rows, schema.plain(answers.values[schema.REHEARSAL].get("Item", {})))
