"""The commands `approve` and `reject`: they find the run that waits, and no token is copied."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from cli.changing.options import changing_options
from cli.options import REGION_SECONDS, Asked, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cli.asking.call import Call
    from cli.asking.clients import Clients
    from cli.automation.running import Question, Running
    from cli.changing.options import Consent

OVER = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")
MACHINE = "failover"


def _answer(name: str) -> Callable[[Callable[..., None]], click.Command]:
    def made(function: Callable[..., None]) -> click.Command:
        by = click.option("--by", default="", help="Who. By default the name of your credentials.")
        return click.command(name)(by(changing_options(function)))

    return made


@_answer("approve")
def approve(*, asked: Asked, consent: Consent, by: str) -> None:
    """Approve the promotion that waits for a person.

    The run gathers its evidence again, and promotes if the conditions are still met.

    Exit codes: 0 answered, 1 nothing waits, 2 usage or nothing deployed, 4 not known.
    """
    _give(asked, consent, by, approved=True)


@_answer("reject")
def reject(*, asked: Asked, consent: Consent, by: str) -> None:
    """Reject the promotion that waits for a person.

    Nothing starts by itself for that outage then. `pilot-light resume` allows it again.

    Exit codes: 0 answered, 1 nothing waits, 2 usage or nothing deployed, 4 not known.
    """
    _give(asked, consent, by, approved=False)


def _give(asked: Asked, consent: Consent, by: str, *, approved: bool) -> None:
    from cli.asking.identity import person
    from cli.asking.needed import NotFound
    from cli.automation.running import find
    from cli.changing.sending import Refused, send

    word = "approve" if approved else "reject"
    if asked.explain:
        _explain(asked, approved=approved)
        return
    clients = asked.clients()
    identity, running = find(asked, clients, [MACHINE])
    run, question = _waiting(asked, clients, running)
    output = {"approved": approved, "by": by or person(identity)}
    if not asked.as_json:
        _show(run, question)
    if not consent.dry_run:
        consent.ask(word, f"{word.capitalize()} it, as {output['by']}?")
        try:
            send(clients, _send(asked, question.token, output), known=OVER)
        except Refused as error:
            raise NotFound(
                f"{run.name} no longer waits ({error}): its deadline has passed, or somebody has "
                f"answered.\nLook at it: pilot-light watch {run.name}"
            ) from error
    if asked.as_json:
        given = {"execution": run.arn, "answered": not consent.dry_run, **output}
        print_json({"version": 1, **given})
    else:
        done = "Nothing was answered: --dry-run." if consent.dry_run else "Answered."
        click.echo(f"{done} Follow it: pilot-light watch {run.name}")


def _waiting(asked: Asked, clients: Clients, running: list[Running]) -> tuple[Running, Question]:
    """Return the run that waits, and what it asks.

    Raises
    ------
    NotFound, NotRead
        None waits, or that could not be read.
    """
    from cli.asking.needed import NotFound, needed
    from cli.asking.together import Answers, ask
    from cli.automation.running import newest_events, question

    answers = Answers(asked.deployment.secondary)
    calls = [newest_events(asked.deployment, run.arn) for run in running]
    ask(clients, calls, REGION_SECONDS, answers)
    values = needed(answers, *(call.name for call in calls))
    for run, call in zip(running, calls, strict=True):
        if found := question(values[call.name]["events"]):
            return run, found
    names = ", ".join(run.name for run in running) or "none"
    raise NotFound(f"No run waits for an answer. Runs of the failover machine: {names}.")


def _show(run: Running, question: Question) -> None:
    click.echo(f"{run.name} has waited since {question.asked_at:%H:%M:%S %Z}.\n")
    click.echo(f"{question.text}\n")


def _send(asked: Asked, token: str, output: Mapping[str, Any]) -> Call:
    from cli.asking.call import Call

    machine = asked.deployment.name(MACHINE)
    return Call(
        "answer",
        asked.deployment.secondary,
        "stepfunctions",
        "send_task_success",
        {"taskToken": token, "output": json.dumps(output)},
        "states:SendTaskSuccess",
        f"stateMachine:{machine}",
        "answer the run",
    )


def _explain(asked: Asked, *, approved: bool) -> None:
    from cli.asking.call import identity
    from cli.automation.running import listing, newest_events
    from cli.changing.starting import UNKNOWN

    deployment = asked.deployment
    arn = deployment.machine(MACHINE, "<account>", deployment.secondary)
    execution = f"{arn.replace(':stateMachine:', ':execution:')}:<execution>"
    asked.print_calls(
        [
            identity(deployment.secondary),
            *listing(deployment, UNKNOWN, [MACHINE]),
            newest_events(deployment, execution),
            _send(asked, "<token>", {"approved": approved, "by": "<your name>"}),
        ]
    )
