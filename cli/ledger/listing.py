"""The command `pilot-light ledger list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.options import REGION_SECONDS, Asked, operator_options, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cli.asking.call import Call
    from cli.asking.together import Answers
    from cli.deployment import Deployment

# As many items one call reads.
MOST = 100


@click.command("list")
@click.option(
    "--limit", type=click.IntRange(1, MOST), default=20, show_default=True, help="How many entries."
)
@click.option("--after", metavar="WRITE_ID", default="", help="Go on after this entry.")
@operator_options
def list_entries(*, asked: Asked, limit: int, after: str) -> None:
    """List entries, the oldest write first.

    It lists the open ones: those that nobody has accepted or replayed. They are read in the
    Secondary's table; nothing is compared again. `pilot-light ledger show` shows any entry.

    Exit codes: 0 none is open, 1 some are, 2 usage or nothing deployed, 4 not readable.
    """
    from pilotlight.ledger.entry import SHARDS

    from cli.status.reads import open_entries

    deployment = asked.deployment
    opened = [open_entries(deployment, shard) for shard in range(SHARDS)]
    if asked.explain:
        key = {"pk": {"S": "L#<shard>"}, "sk": {"S": "<write id>"}}
        asked.print_calls([*opened, _rows(deployment, [key])])
        return
    from cli.asking.needed import needed
    from cli.asking.together import Answers, ask

    names = [call.name for call in opened]

    def following(known: Answers) -> Sequence[Call]:
        from pilotlight.ledger.entry import key

        if known.problems:
            return ()
        ids = _open_ids(known, names, after)[:limit]
        return [_rows(deployment, [key(write_id) for write_id in ids])] if ids else []

    answers = Answers(deployment.secondary)
    ask(asked.clients(), opened, REGION_SECONDS, answers, following, names)
    needed(answers, *names, "rows")
    document = _document(answers, names, after, limit)
    if asked.as_json:
        print_json(document)
    else:
        _show(document)
    if document["open"]:
        raise click.exceptions.Exit(1)


def _rows(deployment: Deployment, keys: list[dict[str, Any]]) -> Call:
    from cli.asking.call import batch_get

    table = deployment.name("ledger")
    return batch_get(deployment.secondary, table, keys, "entries of the ledger", name="rows")


def _open_ids(answers: Answers, names: Sequence[str], after: str) -> list[str]:
    ids = (row["sk"]["S"] for name in names for row in answers.values[name]["Items"])
    return sorted(write_id for write_id in ids if write_id > after)


def _document(answers: Answers, names: Sequence[str], after: str, limit: int) -> dict[str, Any]:
    """Return what cli/schemas/ledger-list.schema.json describes."""
    from pilotlight.ledger.entry import counts, from_stored, is_late, kinds_of, public, verdict_of

    rows = [row for name in names for row in answers.values[name]["Items"]]
    kinds = [kinds_of(late=is_late(row), verdict=verdict_of(row)) for row in rows]
    ids = _open_ids(answers, names, after)
    found = answers.values.get("rows", {}).get("Responses", {}).values()
    entries = [public(from_stored(row)) for table in found for row in table]
    return {
        "version": 1,
        **counts(kinds),
        "entries": sorted(entries, key=lambda entry: entry["write_id"]),
        "next": ids[limit - 1] if len(ids) > limit else None,
    }


def _show(document: Mapping[str, Any]) -> None:
    from cli.screens import console, table

    out = console()
    kinds = ", ".join(f"{document[kind]} {kind}" for kind in ("late", "lost", "unknown"))
    out.print(f"Open entries: {document['open']} ({kinds}).")
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
        out.print(f"There are more: pilot-light ledger list --after {document['next']}")
