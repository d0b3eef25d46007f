"""The command `pilot-light ledger reconcile`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.options import Asked, operator_options, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

# The function ends a piece after as long, so that there is something to report.
PIECE_SECONDS = 10


@click.command()
@operator_options
def reconcile(*, asked: Asked) -> None:
    """Compare the journals of both Regions, until all of it is compared.

    What the other Region acknowledged, and what is missing or overwritten here, is then in the
    ledger. No item changes, so nobody is asked. It needs both Regions. Give the command again after
    an error: it goes on where it stopped.

    Exit codes: 0 complete and nothing is open, 1 entries are open, or AWS refused, 2 usage or
    nothing deployed, 4 not complete.
    """
    from cli.changing.sending import Unsure
    from cli.ledger import invoking

    payload = {"action": "reconcile", "seconds": PIECE_SECONDS}
    call = invoking.invoke_call(asked.deployment, payload, "compare the journals")
    if asked.explain:
        click.echo('# Repeat it while it returns "complete": false.')
        asked.print_calls([call])
        return
    clients, compared = asked.clients(), 0
    while True:
        try:
            answer = invoking.invoke(clients, call)
        except Unsure as error:
            raise Unsure(
                f"{error.message}\nThe comparison is not complete. Give the command again: it goes "
                "on where it stopped."
            ) from error
        compared += answer["compared"]
        if answer["complete"]:
            break
        click.echo(f"Compared {compared} writes. It goes on.", err=True)
    document = _document(answer, compared)
    if asked.as_json:
        print_json(document)
    else:
        _show(document)
    if document["open"]:
        raise click.exceptions.Exit(1)


def _document(answer: Mapping[str, Any], compared: int) -> dict[str, Any]:
    """Return what cli/schemas/ledger-reconcile.schema.json describes."""
    counted = {name: answer[name] for name in ("open", "late", "lost", "unknown")}
    because = answer.get("unknown_because")
    return {"version": 1, "compared": compared, **counted, "unknown_because": because}


def _show(document: Mapping[str, Any]) -> None:
    if document["unknown_because"]:
        click.echo(document["unknown_because"])
        return
    kinds = ", ".join(f"{document[kind]} {kind}" for kind in ("late", "lost", "unknown"))
    click.echo(
        f"Compared {document['compared']} writes. Open entries: {document['open']} ({kinds})."
    )
    if document["open"]:
        click.echo("See them: pilot-light ledger list")
