"""What every command takes that changes something, beside the options of all commands."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from cli.options import operator_options

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Consent:
    """Whether a person is to be asked, and whether anything may be changed at all."""

    yes: bool
    dry_run: bool

    def ask(self, word: str, question: str) -> None:
        """Let a person type a word before something changes. With `--yes` nobody is asked.

        Raises
        ------
        click.UsageError
            There is nobody to ask.
        click.Abort
            Something else was typed.
        """
        if self.yes:
            return
        if not is_terminal():
            raise click.UsageError("There is no terminal to confirm this in. Add --yes.")
        typed: str = click.prompt(
            f"{question}\nType {word} to go on", default="", show_default=False, err=True
        )
        if typed.strip() != word:
            click.echo("Nothing was changed.", err=True)
            raise click.Abort


def is_terminal() -> bool:
    """Return whether there is a person to ask."""
    return sys.stdin.isatty()


def changing_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of all, and `consent`."""

    @functools.wraps(command)
    def wrapped(*, yes: bool, dry_run: bool, **more: Any) -> None:
        command(consent=Consent(yes, dry_run), **more)

    made = operator_options(wrapped)
    made = click.option(
        "--dry-run", is_flag=True, help="Show what it would change, and change nothing."
    )(made)
    return click.option("--yes", "-y", is_flag=True, help="Ask nobody.")(made)
