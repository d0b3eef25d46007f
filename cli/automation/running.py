"""Which runs are under way, and what the one that waits for a person was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.options import REGION_SECONDS, Asked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cli.asking.call import Call
    from cli.asking.clients import Clients
    from cli.asking.together import Answers
    from cli.deployment import Deployment

# As many events as one page has. A run that waits has no newer ones.
PAGE = 100
MACHINES, ASKING = ("failover", "switchover"), "AskApproval"


@dataclass(frozen=True)
class Running:
    """An execution under way."""

    arn: str
    machine: str
    started_at: Any

    @property
    def name(self) -> str:
        """Return the last part of its ARN."""
        return self.arn.rsplit(":", 1)[-1]


@dataclass(frozen=True)
class Question:
    """What a run asks a person. The token is a secret."""

    token: str
    asked_at: Any
    text: str


def listing(
    deployment: Deployment, identity: Mapping[str, Any], machines: Sequence[str] = MACHINES
) -> list[Call]:
    """Return the calls that list what runs in the Secondary."""
    from cli.status.reads import running

    region = deployment.secondary
    return [running(deployment, region, machine, dict(identity)) for machine in machines]


def find(
    asked: Asked, clients: Clients, machines: Sequence[str] = MACHINES
) -> tuple[dict[str, Any], list[Running]]:
    """Return who one is, and what runs in the Secondary, the newest first.

    Raises
    ------
    NotRead, NotDeployed
        The Secondary did not say.
    """
    from cli.asking.call import identity
    from cli.asking.needed import needed
    from cli.asking.together import Answers, ask

    def then(known: Answers) -> Sequence[Call]:
        who = known.values.get("identity")
        return listing(asked.deployment, who, machines) if who else ()

    answers = Answers(asked.deployment.secondary)
    ask(clients, [identity(answers.region)], REGION_SECONDS, answers, then, ["identity"])
    values = needed(answers, "identity", *(f"running#{m}" for m in machines))
    found = [
        Running(e["executionArn"], machine, e["startDate"])
        for machine in machines
        for e in values[f"running#{machine}"]["executions"]
    ]
    found.sort(key=lambda r: (r.started_at, r.arn), reverse=True)
    return values["identity"], found


def newest_events(deployment: Deployment, execution: str) -> Call:
    """Return the read of an execution's newest events."""
    from cli.asking.call import Call

    return Call(
        f"history#{execution}",
        deployment.secondary,
        "stepfunctions",
        "get_execution_history",
        {
            "executionArn": execution,
            "reverseOrder": True,
            "maxResults": PAGE,
            "includeExecutionData": True,
        },
        "states:GetExecutionHistory",
        f"execution:{execution.rsplit(':', 2)[-2]}:*",
        "what a run waits for",
    )


def question(events: Sequence[Mapping[str, Any]]) -> Question | None:
    """Return what a run asks, by its newest events, the newest first; None if it asks nothing."""
    for event in events:
        if event["type"] == "TaskScheduled":
            details = event.get("taskScheduledEventDetails", {})
            if not details.get("resource", "").endswith("publish.waitForTaskToken"):
                return None
            return _question(details.get("parameters", ""), event["timestamp"])
        if event["type"] not in ("TaskSubmitted", "TaskStarted"):
            return None
    return None


def _question(parameters: str, asked_at: Any) -> Question | None:
    """Return what a message asks: its token is an attribute, its text what people get."""
    try:
        sent = json.loads(parameters)
        token = sent["MessageAttributes"]["task_token"]["StringValue"]
        text = json.loads(sent["Message"])["default"]
    except (ValueError, KeyError, TypeError):
        return None
    return Question(token, asked_at, text.strip())
