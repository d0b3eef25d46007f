"""The command `pilot-light remove`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli import exits
from cli.changing.options import changing_options
from cli.options import Asked, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cli.asking.clients import Clients
    from cli.changing.options import Consent
    from cli.removal.looking import Found
    from cli.removal.steps import Step


@click.command()
@click.option("--stacks", is_flag=True, help="Delete the stacks: the Secondary's first.")
@click.option("--data", is_flag=True, help="Delete the data, too.")
@changing_options
def remove(*, asked: Asked, consent: Consent, stacks: bool, data: bool) -> None:
    """Show what stays and what goes, in order.

    It deletes nothing without --stacks or --data. Deleting the stacks keeps all data. Recovery
    points are deleted before the stacks, so give --stacks and --data together if you want none of
    them. A step that fails stops it; the same command goes on there. It asks us-east-1, too, as no
    other command does: the Monitor is there.

    Exit codes: 0 shown or deleted, 1 not all of it is deleted, 2 usage, 4 something is not known.
    """
    from cli.asking.identity import who
    from cli.asking.together import start
    from cli.removal.looking import look, validation_records
    from cli.removal.steps import stays, steps

    chosen = {name for name, given in (("--stacks", stacks), ("--data", data)) if given}
    if asked.explain:
        _explain(asked, chosen)
        return
    clients, deployment = asked.clients(), asked.deployment
    account = who(clients, deployment.regions)["Account"]
    plan = steps(deployment, account)
    records = start(lambda: validation_records(clients, deployment))
    found = look(clients, plan)
    head = {
        "version": 1,
        "app_name": deployment.app_name,
        "account": account,
        "stays": stays(deployment, records.result()),
    }
    if consent.dry_run or not chosen:
        _end(asked, head, found, chosen, shown=True)
    if not (asked.as_json and consent.yes):
        _show(asked, head, found, chosen)
    _refuse_data_under_a_stack(found, chosen)
    todo = [one.step for one in found if one.step.option in chosen and one.state != "gone"]
    if todo:
        question = f"Delete {len(todo)} things of account {account} for good, as shown?"
        consent.ask(deployment.app_name, question)
    try:
        _delete(asked, clients, todo)
    except click.ClickException:
        if asked.as_json:
            print_json(_document(head, look(clients, plan)))
        raise
    _end(asked, head, look(clients, plan), chosen)


def _refuse_data_under_a_stack(found: Sequence[Found], chosen: set[str]) -> None:
    left = [
        f"{one.step.what} ({one.detail})"
        for one in found
        if one.step.kind == "stack" and one.state != "gone"
    ]
    if left and chosen == {"--data"}:
        error = click.ClickException(
            f"Nothing was deleted, because not all stacks are gone: {'; '.join(left)}.\n"
            "Give --stacks as well, or first."
        )
        error.exit_code = exits.ATTENTION
        raise error


def _delete(asked: Asked, clients: Clients, todo: Sequence[Step]) -> None:
    """Make steps in their order, and report each. The first that fails ends it."""
    from cli.removal.deleting import delete

    for number, step in enumerate(todo, 1):

        def report(text: str, head: str = f"{number}/{len(todo)} {step.what}") -> None:
            click.echo(f"{head}: {text}", err=asked.as_json)

        try:
            delete(clients, step, report)
        except click.ClickException as error:
            left = "".join(f"\n- {one.what}" for one in todo[number - 1 :])
            error.message += f"\nLeft:{left}\nGive the same command again: it goes on there."
            raise
        report("gone")


def _show(asked: Asked, head: Mapping[str, Any], found: Sequence[Found], chosen: set[str]) -> None:
    from rich.text import Text

    from cli.screens import console, grid

    out = console(stderr=asked.as_json)
    out.print(f"{head['app_name']} in account {head['account']}: what goes, in this order.\n")
    rows = grid({"no_wrap": True}, {"no_wrap": True}, {"ratio": 1})
    for number, one in enumerate(found, 1):
        now = {"there": one.detail, "gone": "gone", "unknown": f"unknown: {one.detail}"}[one.state]
        text = f"{one.step.what}: {one.step.deletes} [{now}]"
        rows.add_row(f"{number}.", one.step.option, Text(text))
    out.print(rows)
    out.print("\nWhat stays:")
    for line in head["stays"]:
        out.print(f"- {line}")
    points = [one for one in found if one.step.kind == "recovery points" and one.state != "gone"]
    if points and chosen == {"--stacks"}:
        out.print(
            "\nAfter the stacks AWS Backup may not be able to delete the recovery points, not even "
            "when they expire. With --data as well they are deleted first."
        )


def _document(head: Mapping[str, Any], found: Sequence[Found]) -> dict[str, Any]:
    """Return what cli/schemas/remove.schema.json describes."""
    return {**head, "steps": [one.as_json() for one in found]}


def _end(
    asked: Asked,
    head: Mapping[str, Any],
    found: Sequence[Found],
    chosen: set[str],
    *,
    shown: bool = False,
) -> None:
    """Show what there is, and end with the exit code."""
    if asked.as_json:
        print_json(_document(head, found))
    elif shown:
        _show(asked, head, found, chosen)
        click.echo("\nNothing was deleted. --stacks deletes the stacks, --data the data.")
    left = [one for one in found if one.step.option in chosen and one.state == "there"]
    if left and not shown:
        raise click.exceptions.Exit(exits.ATTENTION)
    unknown = any(one.state == "unknown" for one in found)
    raise click.exceptions.Exit(exits.UNKNOWN if unknown else exits.OK)


def _explain(asked: Asked, chosen: set[str]) -> None:
    from cli.asking.call import identity
    from cli.removal.kinds import WAYS
    from cli.removal.looking import records_call
    from cli.removal.steps import steps

    plan = steps(asked.deployment, "<account>")
    calls = [identity(asked.deployment.secondary), *(WAYS[step.kind].look(step) for step in plan)]
    calls.append(records_call(asked.deployment))
    for step in plan:
        if step.option in (chosen or {"--stacks", "--data"}):
            calls += WAYS[step.kind].commands(step)
    asked.print_calls(calls)
