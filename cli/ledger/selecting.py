"""Which entries of the ledger a command is about: by id, by filter, or all that are open."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from cli.options import REGION_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cli.asking.call import Call
    from cli.asking.clients import Clients
    from cli.deployment import Deployment

KINDS, VERDICTS = ("late", "lost", "unknown"), ("kept", "lost", "pending", "unknown")
# As many items one call reads.
MOST = 100
_ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


@dataclass(frozen=True)
class Filter:
    """What an entry has to be like. What is None does not count."""

    kind: str | None = None
    verdict: str | None = None
    table: str | None = None

    def __bool__(self) -> bool:
        """Return whether anything counts."""
        return any((self.kind, self.verdict, self.table))

    def as_options(self) -> str:
        """Return it as on a command line."""
        return " ".join(f"--{name} {value}" for name, value in vars(self).items() if value)

    def takes_row(self, row: dict[str, Any]) -> bool:
        """Return whether a row fits, or an index's part of it, whatever its table is."""
        from pilotlight.ledger.entry import is_late, kinds_of, verdict_of

        verdict = verdict_of(row)
        kinds = kinds_of(late=is_late(row), verdict=verdict)
        return self.kind in (None, *kinds) and self.verdict in (None, verdict)

    def takes(self, entry: dict[str, Any]) -> bool:
        """Return whether an entry's table fits."""
        return self.table in (None, entry["table"])


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `chosen`, the filter of its command line."""

    @functools.wraps(command)
    def wrapped(*, kind: str | None, verdict: str | None, table: str | None, **more: Any) -> None:
        command(chosen=Filter(kind, verdict, table), **more)

    made = click.option("--table", metavar="NAME", help="Only entries of this table.")(wrapped)
    made = click.option(
        "--verdict", type=click.Choice(VERDICTS), help="Only entries with this history."
    )(made)
    return click.option("--kind", type=click.Choice(KINDS), help="Only entries of this kind.")(made)


def write_id(text: str) -> str:
    """Return a write id.

    Raises
    ------
    click.BadParameter
        It is none.
    """
    if not _ULID.fullmatch(text):
        raise click.BadParameter(f"{text!r} is no write id.", param_hint="WRITE_ID")
    return text


def read_calls(deployment: Deployment) -> list[Call]:
    """Return the reads of the open entries, with words for what only answers tell."""
    key = {"pk": {"S": "L#<shard>"}, "sk": {"S": "<write id>"}}
    return [*_index(deployment), rows_call(deployment, [key])]


def open_rows(clients: Clients, deployment: Deployment) -> list[dict[str, Any]]:
    """Return of every open entry what the index has: its key, whether it is late, its verdict.

    Raises
    ------
    NotRead, NotDeployed
        Not all of it could be read.
    """
    from cli.asking.needed import needed
    from cli.asking.together import Answers, ask

    calls, answers = _index(deployment), Answers(deployment.secondary)
    ask(clients, calls, REGION_SECONDS, answers)
    found = needed(answers, *(call.name for call in calls))
    rows: list[dict[str, Any]] = [row for answer in found.values() for row in answer["Items"]]
    return sorted(rows, key=lambda row: str(row["sk"]["S"]))


def entries(
    clients: Clients, deployment: Deployment, write_ids: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the entries of write ids that the ledger has, the oldest write first.

    Raises
    ------
    NotRead, NotDeployed
        Not all of it could be read.
    """
    from pilotlight.ledger.entry import from_stored, key, public

    from cli.asking.needed import needed
    from cli.asking.together import Answers, ask

    wanted, rows = [key(one) for one in write_ids], list[Any]()
    while wanted:
        call = rows_call(deployment, wanted[:MOST])
        answers = Answers(deployment.secondary)
        ask(clients, [call], REGION_SECONDS, answers)
        answer = needed(answers, call.name)[call.name]
        for found in answer["Responses"].values():
            rows += found
        # More than 16 MB are returned in several answers.
        left = [k for part in answer.get("UnprocessedKeys", {}).values() for k in part["Keys"]]
        wanted = left + wanted[MOST:]
    made = [public(from_stored(row)) for row in rows]
    return sorted(made, key=lambda entry: str(entry["write_id"]))


def chosen_entries(
    clients: Clients, deployment: Deployment, ids: Sequence[str], chosen: Filter
) -> list[dict[str, Any]]:
    """Return the entries of write ids or, without any, the open ones that a filter takes.

    Raises
    ------
    NotFound
        The ledger has no entry for one of the ids.
    NotRead, NotDeployed
        Not all of it could be read.
    """
    from cli.asking.needed import NotFound

    if not ids:
        fit = [r["sk"]["S"] for r in open_rows(clients, deployment) if chosen.takes_row(r)]
        return [e for e in entries(clients, deployment, fit) if chosen.takes(e)]
    found = entries(clients, deployment, ids)
    missing = sorted(set(ids) - {entry["write_id"] for entry in found})
    if missing:
        raise NotFound(f"The ledger has no entry {', '.join(missing)}. Nothing was changed.")
    return found


def rows_call(deployment: Deployment, keys: list[dict[str, Any]]) -> Call:
    """Return the read of entries."""
    from cli.asking.call import batch_get

    table = deployment.name("ledger")
    return batch_get(deployment.secondary, table, keys, "entries of the ledger", name="rows")


def _index(deployment: Deployment) -> list[Call]:
    from pilotlight.ledger.entry import SHARDS

    from cli.status.reads import open_entries

    return [open_entries(deployment, shard) for shard in range(SHARDS)]
