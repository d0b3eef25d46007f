"""What commands that start a run share: their options, and how the run is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.changing.options import changing_options
from cli.status.command import probing_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.asking.clients import Clients
    from cli.options import Asked


def run_command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """Make a command that starts a run: with `reason`, `watch`, probes, and a person's consent."""
    reason = click.option(
        "--reason", default="", help="Why, for the record and the messages. Needed with --yes."
    )
    watch = click.option(
        "--watch/--no-watch", default=True, show_default=True, help="Follow the run to its end."
    )

    def made(function: Callable[..., None]) -> click.Command:
        wrapped = probing_options(changing_options(function))
        return click.command(name)(reason(watch(wrapped)))

    return made


def refuse_no_reason(reason: str, *, yes: bool) -> None:
    """Raise a usage error where a reason is needed and nobody can be asked."""
    if not reason and yes:
        raise click.UsageError("--yes needs a --reason. It is in the record and in the messages.")


def reason_or_asked(reason: str) -> str:
    """Return the reason, or ask for it."""
    return reason or str(click.prompt("Reason, for the record", err=True))


def follow(asked: Asked, clients: Clients, execution: str, *, watch: bool) -> None:
    """Say what was started, and follow it to its end if that is wanted."""
    click.echo(f"Started {execution}")
    if not watch:
        click.echo(f"Follow it: pilot-light watch {execution.rsplit(':', 1)[-1]}")
        return
    from cli.watch.following import follow as followed

    raise click.exceptions.Exit(followed(asked, clients, execution, started_here=True))
