"""The command `pilot-light ledger list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.ledger.selecting import MOST, entries, filter_options, open_rows, read_calls
from cli.options import Asked, operator_options, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cli.ledger.selecting import Filter


@click.command("list")
@click.option(
    "--limit", type=click.IntRange(1, MOST), default=20, show_default=True, help="How many entries."
)
@click.option("--after", metavar="WRITE_ID", default="", help="Go on after this entry.")
@filter_options
@operator_options
def list_entries(*, asked: Asked, chosen: Filter, limit: int, after: str) -> None:
    """List entries, the oldest write first.

    It lists the open ones: those that nobody has accepted or replayed. They are read in the
    Secondary's table; nothing is compared again. `pilot-light ledger show` shows any entry.

    Exit codes: 0 none is open, 1 some are, 2 usage or nothing deployed, 4 not readable.
    """
    if asked.explain:
        asked.print_calls(read_calls(asked.deployment))
        return
    document = _read(asked, chosen, limit, after)
    if asked.as_json:
        print_json(document)
    else:
        _show(document, chosen)
    if document["matching"]:
        raise click.exceptions.Exit(1)


def _read(asked: Asked, chosen: Filter, limit: int, after: str) -> dict[str, Any]:
    """Return what cli/schemas/ledger-list.schema.json describes."""
    from pilotlight.ledger.entry import counts, is_late, kinds_of, verdict_of

    clients, deployment = asked.clients(), asked.deployment
    rows = open_rows(clients, deployment)
    ids = [row["sk"]["S"] for row in rows if chosen.takes_row(row)]
    if chosen.table:
        found = [e for e in entries(clients, deployment, ids) if chosen.takes(e)]
        matching, later = len(found), [e for e in found if e["write_id"] > after]
        page, more = later[:limit], len(later) > limit
    else:
        matching, following = len(ids), [one for one in ids if one > after]
        page, more = entries(clients, deployment, following[:limit]), len(following) > limit
    return {
        "version": 1,
        **counts([kinds_of(late=is_late(row), verdict=verdict_of(row)) for row in rows]),
        "matching": matching,
        "entries": page,
        "next": page[-1]["write_id"] if page and more else None,
    }


def _show(document: Mapping[str, Any], chosen: Filter) -> None:
    from cli.screens import console, table

    out = console()
    kinds = ", ".join(f"{document[kind]} {kind}" for kind in ("late", "lost", "unknown"))
    out.print(f"Open entries: {document['open']} ({kinds}).")
    if chosen:
        out.print(f"Of these {chosen.as_options()}: {document['matching']}.")
    if not document["entries"]:
        return
    rows = table("Write id", "Kinds", "History", "Table", "Key", "Written")
    for entry in document["entries"]:
        key = entry["key"] or {}
        rows.add_row(
            entry["write_id"],
            ", ".join(entry["kinds"]),
            entry["history"]["verdict"],
            entry["table"],
            "/".join(map(str, key.values())) or "-",
            f"{entry['written_at']} {entry['region']}",
        )
    out.print(rows)
    if document["next"]:
        options = " ".join([f"--after {document['next']}", chosen.as_options()]).strip()
        out.print(f"There are more: pilot-light ledger list {options}")
