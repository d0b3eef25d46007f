"""The command `pilot-light logs`: what all functions logged for one execution."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from cli.executions import name_of
from cli.options import REGION_SECONDS, Asked, operator_options, print_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cli.asking.call import Call
    from cli.asking.together import Answers
    from cli.deployment import Deployment

MACHINES = ("failover", "switchover")
# The sentinel logs before an execution starts, and the janitor after its end.
AROUND = timedelta(minutes=5)


@click.command()
@click.argument("execution", required=False)
@click.option(
    "--hours",
    type=click.FloatRange(min=0.1, max=24 * 365),
    default=24.0,
    show_default=True,
    help="How far back to look where the execution's own times are not known.",
)
@operator_options
def logs(*, asked: Asked, execution: str | None, hours: float) -> None:
    """Show what all functions logged for one execution, by time.

    EXECUTION is its ARN or its name; without it, the newest of the failover and switchover machine.
    Lines of all functions, of the sentinel, and the states of the machine are read side by side.

    Exit codes: 0 shown, 1 no line, 2 usage or nothing deployed, 4 not all could be read.
    """
    deployment = asked.deployment
    name = name_of(execution) if execution else None
    if asked.explain:
        _explain(asked, name or "<execution>")
        return
    clients = asked.clients()
    run = _execution(asked, clients, name)
    now = datetime.now(UTC)
    begin = run["startDate"] - AROUND if run.get("startDate") else now - timedelta(hours=hours)
    end = run["stopDate"] + AROUND if run.get("stopDate") else now
    from cli.asking.together import Answers, ask

    answers = Answers(deployment.secondary)
    ask(clients, _groups(deployment, run["name"], begin, end), REGION_SECONDS, answers)
    document = {
        "version": 1,
        "execution": run["name"],
        "lines": merged(answers.values),
        "complete": not answers.problems,
        "problems": [p.as_json() for p in answers.problems.values()],
    }
    if asked.as_json:
        print_json(document)
    else:
        _show(document)
    if answers.problems:
        raise click.exceptions.Exit(4)
    if not document["lines"]:
        raise click.exceptions.Exit(1)


def merged(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of all log groups by their time, each as JSON has it."""
    lines = [_line(group, event) for group, found in values.items() for event in found["events"]]
    return sorted(lines, key=lambda line: line["at"])


def _line(group: str, event: Mapping[str, Any]) -> dict[str, Any]:
    try:
        fields = json.loads(event["message"])
    except ValueError:
        fields = None
    fields = fields if isinstance(fields, dict) else {"message": event["message"].rstrip()}
    details = fields.get("details")
    state = details.get("name") if isinstance(details, dict) else None
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return {
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        # The machine's own log has the type of an event, and the name of a state.
        "source": str(fields.get("service", group)),
        "level": str(fields.get("level", "")),
        "message": " ".join(
            str(v) for v in (fields.get("message", fields.get("type")), state) if v
        ),
        "fields": fields,
    }


def _execution(asked: Asked, clients: Any, name: str | None) -> dict[str, Any]:
    """Return an execution's name, and its start and end as far as they are known."""
    from cli.asking.call import identity
    from cli.asking.needed import NotFound, failure
    from cli.asking.together import Answers, ask

    deployment = asked.deployment
    answers = Answers(deployment.secondary)

    def following(known: Answers) -> Sequence[Call]:
        found = known.values.get("identity")
        return _runs(deployment, found["Account"], found["Arn"], name) if found else ()

    ask(clients, [identity(answers.region)], REGION_SECONDS, answers, following, ["identity"])
    runs = [_run(value) for key, value in answers.values.items() if key != "identity"]
    known = [run for run in runs if run]
    if known:
        return max(known, key=lambda run: run["startDate"])
    if name is not None:
        # Step Functions forgets an execution after 90 days; the logs may be older.
        return {"name": name}
    if answers.problems:
        raise failure(list(answers.problems.values()))
    raise NotFound("No execution of the failover or switchover machine is known.")


def _run(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    if "executions" not in answer:
        return dict(answer)
    return dict(answer["executions"][0]) if answer["executions"] else None


def _runs(deployment: Deployment, account: str, caller: str, name: str | None) -> list[Call]:
    """Return the questions for one execution of either machine, or for the newest of each."""
    from cli.asking.call import Call

    region, partition = deployment.secondary, caller.split(":")[1]
    calls = []
    for machine in MACHINES:
        arn = deployment.machine(machine, account, region, partition=partition)
        operation, permission = "list_executions", "states:ListExecutions"
        resource = f"stateMachine:{deployment.name(machine)}"
        arguments: dict[str, Any] = {"stateMachineArn": arn, "maxResults": 1}
        if name is not None:
            operation, permission = "describe_execution", "states:DescribeExecution"
            resource = f"execution:{deployment.name(machine)}:{name}"
            arguments = {"executionArn": f"{arn.replace(':stateMachine:', ':execution:')}:{name}"}
        why = f"when the execution of {machine} ran"
        calls.append(
            Call(machine, region, "stepfunctions", operation, arguments, permission, resource, why)
        )
    return calls


def _groups(deployment: Deployment, name: str, begin: datetime, end: datetime) -> list[Call]:
    from cli.asking.call import Call

    app = deployment.app_name
    groups = {
        "functions": f"/aws/lambda/{app}-recovery",
        "sentinel": f"/aws/lambda/{app}-sentinel",
        "machine": f"/aws/vendedlogs/states/{app}-failover",
    }
    return [
        Call(
            source,
            deployment.secondary,
            "logs",
            "filter_log_events",
            {
                "logGroupName": group,
                # Every line of a run has its ARN, as a correlation id or otherwise.
                "filterPattern": f'"{name}"',
                "startTime": round(begin.timestamp() * 1000),
                "endTime": round(end.timestamp() * 1000),
            },
            "logs:FilterLogEvents",
            f"log-group:{group}",
            f"what the {source} logged",
            pages="events",
        )
        for source, group in groups.items()
    ]


def _show(document: Mapping[str, Any]) -> None:
    from cli.screens import console, grid

    out = console()
    out.print(f"Execution {document['execution']}", style="bold")
    rows = grid({"no_wrap": True}, {"no_wrap": True}, {"ratio": 1})
    for line in document["lines"]:
        rows.add_row(*_cells(line))
    out.print(rows)
    if not document["lines"]:
        out.print("No line was found.")
    errors = console(stderr=True)
    for text in dict.fromkeys(problem["text"] for problem in document["problems"]):
        errors.print(f"Not complete. {text}")


def _cells(line: Mapping[str, Any]) -> Iterable[Any]:
    from rich.text import Text

    style = "bold red" if line["level"] in ("ERROR", "CRITICAL") else ""
    at = line["at"].partition("T")[2].removesuffix("Z")
    return at, line["source"], Text(f"{line['level']} {line['message']}".strip(), style)


def _explain(asked: Asked, name: str) -> None:
    from cli.asking.call import identity

    deployment, now = asked.deployment, datetime.now(UTC)
    runs = _runs(deployment, "<account>", "arn:aws", name)
    day = timedelta(days=1)
    asked.print_calls(
        [identity(deployment.secondary), *runs, *_groups(deployment, name, now - day, now)]
    )
