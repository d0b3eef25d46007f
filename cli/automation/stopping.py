"""The command `stop`: ends a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.changing.options import changing_options
from cli.executions import name_of
from cli.options import Asked, print_json

if TYPE_CHECKING:
    from cli.asking.call import Call
    from cli.automation.running import Running
    from cli.changing.options import Consent


@click.command()
@click.argument("execution", required=False)
@click.option("--reason", default="stopped by hand", show_default=True, help="For the record.")
@changing_options
def stop(*, asked: Asked, consent: Consent, execution: str | None, reason: str) -> None:
    """Stop a run: EXECUTION, or the one that runs.

    The janitor frees the lock, and undoes a drain. After a failover is stopped, nothing starts by
    itself for that outage; `pilot-light resume` allows it again. A claim that was made stays.

    Exit codes: 0 stopped, 1 nothing runs, 2 usage or nothing deployed, 4 not known.
    """
    from cli.asking.needed import NotFound
    from cli.automation.running import find, listing
    from cli.changing.sending import send
    from cli.changing.starting import UNKNOWN

    name = name_of(execution) if execution else None
    if asked.explain:
        calls = listing(asked.deployment, UNKNOWN)
        asked.print_calls([*calls, _stop(asked, "<execution>", "<machine>", reason)])
        return
    clients = asked.clients()
    _, running = find(asked, clients)
    chosen = [run for run in running if name in (None, run.name)]
    if not chosen:
        names = ", ".join(run.name for run in running) or "nothing"
        text = f"{name} does not run. What runs: {names}." if name else "Nothing runs."
        raise NotFound(text)
    if len(chosen) > 1:
        names = ", ".join(run.name for run in chosen)
        raise click.UsageError(f"Several runs are under way: {names}. Name one.")
    (run,) = chosen
    if not asked.as_json:
        click.echo(f"{run.name} of {run.machine}, started at {run.started_at:%H:%M:%S %Z}.")
        click.echo(_then(run))
    if not consent.dry_run:
        consent.ask("stop", "Stop it?")
        send(clients, _stop(asked, run.arn, run.machine, reason))
    if asked.as_json:
        print_json({"version": 1, "execution": run.arn, "stopped": not consent.dry_run})
    else:
        click.echo("Nothing was stopped: --dry-run." if consent.dry_run else "Stopped.")


def _then(run: Running) -> str:
    if run.machine == "switchover":
        return "The janitor undoes its drain within seconds, if it has not moved yet."
    return (
        "If it is a failover, nothing else starts by itself for this outage until "
        "pilot-light resume."
    )


def _stop(asked: Asked, arn: str, machine: str, reason: str) -> Call:
    from cli.asking.call import Call

    return Call(
        "stop",
        asked.deployment.secondary,
        "stepfunctions",
        "stop_execution",
        {"executionArn": arn, "error": "Stopped", "cause": reason},
        "states:StopExecution",
        f"execution:{asked.deployment.name(machine)}:*",
        "stop a run",
    )
