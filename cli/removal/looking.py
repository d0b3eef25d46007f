"""What is there of each step: read once, side by side, and shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from cli.options import REGION_SECONDS
from cli.removal.kinds import WAYS
from cli.removal.steps import MONITOR_REGION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.asking.call import Call
    from cli.asking.clients import Clients
    from cli.asking.problem import Problem
    from cli.asking.together import Answers
    from cli.deployment import Deployment
    from cli.removal.steps import Step

State = Literal["there", "gone", "unknown"]


@dataclass(frozen=True)
class Found:
    """Whether there is something to delete, and what it is like."""

    step: Step
    state: State
    detail: str

    def as_json(self) -> dict[str, Any]:
        """Return it as cli/schemas/remove.schema.json describes it."""
        return {**asdict(self.step), "state": self.state, "detail": self.detail}


def look(clients: Clients, steps: Sequence[Step]) -> list[Found]:
    """Return for each step what there is."""
    from cli.asking.together import ask_regions

    calls = [WAYS[step.kind].look(step) for step in steps]
    by_region: dict[str, list[Call]] = {}
    for call in calls:
        by_region.setdefault(call.region, []).append(call)
    answers = ask_regions(clients, by_region, REGION_SECONDS)
    return [
        _found(step, answers[call.region], call.name)
        for step, call in zip(steps, calls, strict=True)
    ]


def _found(step: Step, answers: Answers, name: str) -> Found:
    if problem := answers.problems.get(name):
        gone = is_missing(problem)
        return Found(step, "gone" if gone else "unknown", "-" if gone else problem.short)
    detail = WAYS[step.kind].found(step, answers.values[name])
    return Found(step, "there", detail) if detail else Found(step, "gone", "-")


def records_call(deployment: Deployment) -> Call:
    """Return the read of the zone. Route 53's own API is in us-east-1."""
    from cli.asking.call import Call

    return Call(
        "records",
        MONITOR_REGION,
        "route53",
        "list_resource_record_sets",
        {"HostedZoneId": deployment.parameters["HostedZoneId"]},
        "route53:ListResourceRecordSets",
        f"hostedzone/{deployment.parameters['HostedZoneId']}",
        "the validation records that stay",
        pages="ResourceRecordSets",
    )


def validation_records(clients: Clients, deployment: Deployment) -> str:
    """Return the names of the records by which ACM validates certificates of the zone."""
    from cli.asking.together import Answers, ask

    answers, call = Answers(MONITOR_REGION), records_call(deployment)
    ask(clients, [call], REGION_SECONDS, answers)
    if problem := answers.problems.get(call.name):
        return f"not known, {problem.short}"
    names = [
        record["Name"]
        for record in answers.values[call.name]["ResourceRecordSets"]
        if any("acm-validations.aws" in one["Value"] for one in record.get("ResourceRecords", []))
    ]
    return ", ".join(names) or "none"


def is_missing(problem: Problem) -> bool:
    """Return whether there is no such thing. CloudFormation has no code of its own for that."""
    missing_stack = "ValidationError" in problem.detail and "does not exist" in problem.detail
    return problem.kind == "missing" or missing_stack
