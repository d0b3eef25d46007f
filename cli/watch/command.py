"""The command `pilot-light watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import Asked, operator_options

if TYPE_CHECKING:
    from cli.watch.attaching import Found


@click.command()
@click.argument("execution", required=False)
@click.option("--all", "every_state", is_flag=True, help="Show every state and every attempt.")
@operator_options
def watch(*, asked: Asked, execution: str | None, every_state: bool) -> None:
    """Show a run live: its states, its conditions, and what it waits for.

    EXECUTION is its ARN or its name; without it, whatever runs is watched: of several the newest
    that is no rehearsal. Times left are by past runs of the same kind, and no promise. Ctrl-C stops
    the watch and not the run.

    Exit codes: 0 what was asked for happened, 1 it ended otherwise, or nothing runs, 2 usage or
    nothing deployed, 3 it failed or timed out, 4 nothing was answered for 60 s, 130 Ctrl-C.
    """
    if asked.explain:
        _explain(asked, execution)
        return
    from cli.watch import attaching
    from cli.watch.following import follow, show_last

    clients, deployment = asked.clients(), asked.deployment
    if execution:
        found = attaching.named(clients, deployment, execution)
    else:
        found = attaching.whatever_runs(clients, deployment)
        _say_what_else(found)
    if found.runs:
        code = follow(asked, clients, found.arn, every_state=every_state)
    else:
        code = show_last(asked, clients, found.arn)
    raise click.exceptions.Exit(code)


def _say_what_else(found: Found) -> None:
    from cli.asking.problem import sentences

    if found.others:
        click.echo(f"Others run too: {', '.join(found.others)}", err=True)
    for text in sentences(found.problems):
        click.echo(f"Something else may run. {text}", err=True)


def _explain(asked: Asked, execution: str | None) -> None:
    from cli.asking.call import identity
    from cli.executions import name_of
    from cli.watch import reads

    deployment = asked.deployment
    account = {"Account": "<account>", "Arn": "arn:aws:sts::"}
    name = name_of(execution) if execution else "<execution>"
    arn = reads.machine_arn(deployment, deployment.secondary, "failover", account)
    arn = f"{arn.replace(':stateMachine:', ':execution:')}:{name}"
    calls = [identity(region) for region in deployment.regions]
    if execution is None:
        for region in deployment.regions:
            calls += reads.executions(deployment, region, account)
    elif reads.ARN.fullmatch(execution):
        calls, arn = [], execution
    calls += [reads.describe(arn), reads.history(arn, reads.FEW)]
    asked.print_calls([*calls, *reads.control(deployment), reads.records(deployment, ["<epoch>"])])
