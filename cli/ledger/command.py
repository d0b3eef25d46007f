"""The group `pilot-light ledger`."""

from __future__ import annotations

import click

from cli.lazy import LazyGroup

COMMANDS = {
    "accept": (
        "cli.ledger.resolving:accept",
        "Accept entries: their items are right as they are.",
    ),
    "list": ("cli.ledger.listing:list_entries", "List entries, the oldest write first."),
    "reconcile": (
        "cli.ledger.reconciling:reconcile",
        "Compare the journals of both Regions, until all of it is compared.",
    ),
    "replay": (
        "cli.ledger.resolving:replay",
        "Replay entries: write their lost values again, over the current ones.",
    ),
    "show": (
        "cli.ledger.showing:show",
        "Show one entry: the old, new and current value side by side.",
    ),
}


@click.group(cls=LazyGroup, places=COMMANDS)
def ledger() -> None:
    """Review the writes that a disaster left behind."""
