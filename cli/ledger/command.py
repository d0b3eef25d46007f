"""The group `pilot-light ledger`."""

from __future__ import annotations

import click

from cli.lazy import LazyGroup

COMMANDS = {
    "list": ("cli.ledger.listing:list_entries", "List entries, the oldest write first."),
    "show": (
        "cli.ledger.showing:show",
        "Show one entry: the old, new and current value side by side.",
    ),
}


@click.group(cls=LazyGroup, places=COMMANDS)
def ledger() -> None:
    """Read the writes that a disaster left behind."""
