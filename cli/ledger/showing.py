"""The command `pilot-light ledger show`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from cli.ledger.selecting import write_id as checked
from cli.options import REGION_SECONDS, Asked, operator_options, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

VALUES = ("old", "new", "current")


@click.command()
@click.argument("write_id")
@operator_options
def show(*, asked: Asked, write_id: str) -> None:
    """Show one entry: the old, new and current value side by side.

    WRITE_ID is the id of the entry. `old` is what the write was made over, `new` the write itself,
    and `current` the item when the ledger last read it.

    Exit codes: 0 shown, 1 there is no such entry, 2 usage or nothing deployed, 4 not readable.
    """
    write_id = checked(write_id)
    from pilotlight.ledger.entry import from_stored, key, public

    from cli.asking.call import get_item

    region, table = asked.deployment.secondary, asked.deployment.name("ledger")
    shard = key(write_id)["pk"]["S"]
    call = get_item(region, table, shard, "one entry", name="entry", sort_key=write_id)
    if asked.explain:
        asked.print_calls([call])
        return
    from cli.asking.needed import NotFound, needed
    from cli.asking.together import Answers, ask

    answers = Answers(region)
    ask(asked.clients(), [call], REGION_SECONDS, answers)
    row = needed(answers, "entry")["entry"].get("Item")
    if row is None:
        raise NotFound(f"The ledger has no entry {write_id}.")
    entry = public(from_stored(row))
    read_at = row.get("observed_at", {}).get("S", "")
    document = {"version": 1, "current_read_at": read_at or None, "entry": entry}
    if asked.as_json:
        print_json(document)
    else:
        from cli.screens import console

        print_entry(console(), entry, current_read_at=read_at or None)


def print_entry(
    out: Console, entry: Mapping[str, Any], *, current_read_at: str | None = None
) -> None:
    """Print an entry, with its three values side by side."""
    from cli.screens import grid, table

    facts = grid({"no_wrap": True, "style": "bold"}, {"ratio": 1})
    kinds = ", ".join(entry["kinds"]) or "-"
    facts.add_row("Entry", f"{entry['write_id']}, {entry['status']}, {kinds}")
    facts.add_row("Item", f"{entry['table']} {json.dumps(entry['key'])}")
    facts.add_row("Written", f"{entry['written_at']} in {entry['region']}, epoch {entry['epoch']}")
    facts.add_row("Found", f"{entry['found_at']} by {entry['found_by']}")
    facts.add_row("History", f"{entry['history']['verdict']}: {entry['history']['detail']}")
    if current_read_at:
        facts.add_row("Current", f"as read at {current_read_at}")
    out.print(facts)
    out.print()
    rows = table("", *VALUES)
    for name, values in side_by_side(entry).items():
        rows.add_row(name, *values)
    out.print(rows)


def side_by_side(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return each attribute of the item in each of its three versions; a dash where it is none.

    Of an item that is too long to be shown by its attributes there is one text, named `item`.
    """
    columns = [_attributes(entry[name]) for name in VALUES]
    names = dict.fromkeys(name for column in columns for name in column)
    return {name: [column.get(name, "-") for column in columns] for name in names}


def _attributes(value: Mapping[str, Any] | None) -> dict[str, str]:
    if value is None:
        return {"version": "none"}
    head = {"version": f"{value['version']}, {value['region']}, epoch {value['epoch']}"}
    if value["deleted"]:
        return {**head, "deleted": "yes"}
    item = value["item"]
    item = item if isinstance(item, dict) else {"item": item}
    return head | {k: v if isinstance(v, str) else json.dumps(v) for k, v in item.items()}
