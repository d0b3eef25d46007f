"""Which execution to watch: the one that was named, or whatever runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cli.asking.call import identity
from cli.asking.needed import NotFound, failure
from cli.asking.together import ask_regions
from cli.executions import name_of
from cli.options import REGION_SECONDS
from cli.watch import reads
from cli.watch.ends import mode_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cli.asking.clients import Clients
    from cli.asking.problem import Problem
    from cli.asking.together import Answers
    from cli.deployment import Deployment


@dataclass(frozen=True)
class Found:
    """The execution to watch. `runs` is false for the newest one, where nothing runs."""

    arn: str
    runs: bool = True
    # Names of others that run.
    others: list[str] = field(default_factory=list)
    # What could not be read: something else may run there.
    problems: list[Problem] = field(default_factory=list)


def named(clients: Clients, deployment: Deployment, text: str) -> Found:
    """Return the execution of an ARN or a name.

    Raises
    ------
    click.BadParameter
        It is neither.
    NotFound, NotRead
        No machine has an execution of this name, or not all of them could be asked.
    """
    name = name_of(text)
    if reads.ARN.fullmatch(text):
        return Found(text)
    answers = ask_regions(
        clients,
        {region: [identity(region)] for region in deployment.regions},
        REGION_SECONDS,
        lambda known: _by_name(deployment, known, name),
        ["identity"],
    )
    for region, machine in reads.machines(deployment):
        if found := answers[region].values.get(machine):
            return Found(found["executionArn"])
    problems = [p for p in _problems(answers.values()) if p.kind != "missing"]
    if problems:
        raise failure(problems)
    raise NotFound(
        f"No machine has an execution {name}. Step Functions forgets an execution 90 days after "
        "its end; pilot-light report and logs may still know it."
    )


def whatever_runs(clients: Clients, deployment: Deployment) -> Found:
    """Return what runs: of several the newest that is no rehearsal. Else the newest that ran.

    Raises
    ------
    NotFound, NotRead, NotDeployed
        Nothing has ever run, or it could not be read whether anything runs.
    """
    answers = ask_regions(
        clients,
        {region: [identity(region)] for region in deployment.regions},
        REGION_SECONDS,
        lambda known: _runs(deployment, known),
        ["identity"],
    )
    problems = _problems(answers.values())
    running = _listed(answers.values(), "running#")
    if running:
        first, *others = by_interest(running, _modes(clients, running))
        names = [str(e["name"]) for e in others]
        return Found(first["executionArn"], others=names, problems=problems)
    if problems:
        raise failure(problems)
    newest = max(_listed(answers.values(), "newest#"), key=lambda e: e["startDate"], default=None)
    if newest is None:
        raise NotFound("Nothing runs, and nothing has run in the last 90 days.")
    return Found(newest["executionArn"], runs=False)


def by_interest(
    running: Iterable[dict[str, Any]], modes: dict[str, str | None]
) -> list[dict[str, Any]]:
    """Return executions, a rehearsal after all others, and of these the newest first."""
    newest = sorted(running, key=lambda e: e["startDate"], reverse=True)
    return sorted(newest, key=lambda e: modes.get(e["executionArn"]) == "rehearsal")


def _modes(clients: Clients, running: list[dict[str, Any]]) -> dict[str, str | None]:
    """Return what the inputs of executions ask for. One alone is watched, whatever it is."""
    if len(running) == 1:
        return {}
    calls: dict[str, list[Any]] = {}
    for execution in running:
        arn = execution["executionArn"]
        calls.setdefault(arn.split(":")[3], []).append(reads.describe(arn, arn))
    answers = ask_regions(clients, calls, REGION_SECONDS)
    return {
        arn: mode_of(description.get("input"))
        for of_region in answers.values()
        for arn, description in of_region.values.items()
    }


def _by_name(deployment: Deployment, known: Answers, name: str) -> list[Any]:
    account = known.values.get("identity")
    if account is None:
        return []
    region = known.region
    arns = {
        machine: reads.machine_arn(deployment, region, machine, account)
        for of, machine in reads.machines(deployment)
        if of == region
    }
    return [reads.describe(f"{_execution(arn)}:{name}", machine) for machine, arn in arns.items()]


def _execution(machine_arn: str) -> str:
    return machine_arn.replace(":stateMachine:", ":execution:")


def _runs(deployment: Deployment, known: Answers) -> list[Any]:
    account = known.values.get("identity")
    return reads.executions(deployment, known.region, account) if account else []


def _listed(answers: Iterable[Answers], prefix: str) -> list[dict[str, Any]]:
    return [
        execution
        for of_region in answers
        for name, value in of_region.values.items()
        if name.startswith(prefix)
        for execution in value["executions"]
    ]


def _problems(answers: Iterable[Answers]) -> list[Problem]:
    return [p for of_region in answers for p in of_region.problems.values()]
