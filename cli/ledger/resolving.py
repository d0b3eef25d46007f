"""The commands `pilot-light ledger accept` and `ledger replay`."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from cli import exits
from cli.changing.options import changing_options
from cli.ledger.selecting import (
    chosen_entries,
    entries,
    filter_options,
    read_calls,
    write_id as checked,
)
from cli.options import Asked, print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cli.asking.clients import Clients
    from cli.changing.options import Consent
    from cli.deployment import Deployment
    from cli.ledger.selecting import Filter

Entry = dict[str, Any]
RESOLVED = {"accept": "accepted", "replay": "replayed"}


def _command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    def made(function: Callable[..., None]) -> click.Command:
        wrapped = changing_options(filter_options(function))
        wrapped = click.option(
            "--by", metavar="NAME", help="Whose decision it is. By default you."
        )(wrapped)
        wrapped = click.option("--all", "every", is_flag=True, help="All open entries.")(wrapped)
        return click.command(name)(click.argument("write_ids", nargs=-1)(wrapped))

    return made


@_command("accept")
def accept(**given: Any) -> None:
    """Accept entries: their items are right as they are.

    Name entries by their WRITE_IDS, or choose open ones by a filter, or --all. Each is shown before
    you confirm. An entry that is found meanwhile is not accepted unseen.

    Exit codes: 0 all are accepted, 1 some are not, 2 usage or nothing deployed, 4 unknown.
    """
    _resolve("accept", **given)


@_command("replay")
def replay(**given: Any) -> None:
    """Replay entries: write their lost values again, over the current ones.

    Name entries by their WRITE_IDS, or choose open ones by a filter, or --all. Each is shown before
    you confirm. It needs the Secondary to be active. If one item has several entries, name one.

    Exit codes: 0 all are replayed, 1 some are not, 2 usage or nothing deployed, 4 unknown.
    """
    _resolve("replay", **given)


def _resolve(
    action: str,
    *,
    asked: Asked,
    consent: Consent,
    write_ids: tuple[str, ...],
    chosen: Filter,
    every: bool,
    by: str | None,
) -> None:
    """Choose entries, show them, ask, resolve them, and show what became of them."""
    from cli.asking.identity import person, who

    ids = list(dict.fromkeys(map(checked, write_ids)))
    if sum(map(bool, (ids, chosen, every))) != 1:
        raise click.UsageError("Give write ids, or a filter, or --all.")
    if by is not None and not 0 < len(by.strip()) <= 200:
        raise click.BadParameter("It has 1 to 200 characters.", param_hint="--by")
    if asked.explain:
        _explain(asked, action, ids, by)
        return None
    clients = asked.clients()
    shown = chosen_entries(clients, asked.deployment, ids, chosen)
    todo = [entry for entry in shown if entry["status"] == "open"]
    if action == "replay":
        _refuse_several_of_one_item(todo)
    by = by.strip() if by else person(who(clients, [asked.deployment.secondary]))
    if not (asked.as_json and (consent.yes or consent.dry_run)):
        _show(action, shown, todo, by, asked, dry_run=consent.dry_run)
    if consent.dry_run or not todo:
        return _end(asked, action, by, shown, dry_run=consent.dry_run)
    consent.ask(action, f"{action.capitalize()} {_count(len(todo))} as {by}?")
    _change(asked, clients, action, by, shown, todo)
    return None


def _refuse_several_of_one_item(todo: Sequence[Entry]) -> None:
    """Raise a usage error where one replay would change the item under the next."""
    items = [(entry["table"], json.dumps(entry["key"], sort_keys=True)) for entry in todo]
    several = [item for item, number in Counter(items).items() if number > 1]
    if several:
        table, key = several[0]
        same = [e["write_id"] for e, item in zip(todo, items, strict=True) if item == several[0]]
        raise click.UsageError(
            f"{len(same)} entries are of the item {table} {key}: {', '.join(same)}. A replay of "
            "one changes what the others show as current. Name one, usually the last, and accept "
            "the others."
        )


def _show(
    action: str,
    shown: Sequence[Entry],
    todo: Sequence[Entry],
    by: str,
    asked: Asked,
    *,
    dry_run: bool,
) -> None:
    from cli.ledger.showing import print_entry
    from cli.screens import console

    out = console(stderr=asked.as_json)
    for entry in todo:
        print_entry(out, entry)
        out.print()
    for entry in shown:
        if entry not in todo:
            who = f"{entry['resolved_by']} at {entry['resolved_at']}"
            out.print(f"{entry['write_id']} is {entry['status']} already, by {who}.")
    if not todo:
        out.print(f"Nothing to {action}: no open entry is chosen.")
        return
    deleted = sum(entry["operation"] == "delete" for entry in todo)
    happens = {
        "accept": "Items stay as they are, and what is accepted can no longer be replayed.",
        "replay": "`new` is written over `current`, as a new write of the active Secondary."
        + (f" Items that are deleted: {deleted}." if deleted else ""),
    }
    out.print(f"{_count(len(todo))} will be {RESOLVED[action]} by {by}. {happens[action]}")
    if dry_run:
        out.print("Nothing was changed: --dry-run.")


def _change(
    asked: Asked,
    clients: Clients,
    action: str,
    by: str,
    shown: Sequence[Entry],
    todo: Sequence[Entry],
) -> None:
    """Resolve the entries in batches, and show by the ledger itself what became of them."""
    from cli.changing.sending import Unsure
    from cli.ledger import invoking

    ids, failures = [entry["write_id"] for entry in todo], list[click.ClickException]()
    for start in range(0, len(ids), invoking.BATCH):
        part = ids[start : start + invoking.BATCH]
        try:
            invoking.invoke(clients, _call(asked.deployment, action, part, by))
        except click.ClickException as error:
            failures.append(error)
            # The other batches can do no better, unless single entries are what is wrong.
            if not isinstance(error, invoking.NotDone):
                break
    try:
        after = entries(clients, asked.deployment, [entry["write_id"] for entry in shown])
    except click.ClickException as error:
        said = "\n".join(e.message for e in (*failures, error))
        raise Unsure(
            f"{said}\nWhat was done is not known. Give the command again: no entry is "
            f"{RESOLVED[action]} twice."
        ) from error
    _end(asked, action, by, after, failures=failures)


def _end(
    asked: Asked,
    action: str,
    by: str,
    after: list[Entry],
    *,
    dry_run: bool = False,
    failures: Sequence[click.ClickException] = (),
) -> None:
    """Report the entries as they are, and raise the exit code."""
    said = "\n".join(error.message for error in failures)
    left = [e for e in after if e["status"] != RESOLVED[action] and not dry_run]
    if asked.as_json:
        head = {"version": 1, "action": action, "by": by, "dry_run": dry_run}
        print_json({**head, "failure": said or None, "entries": after})
    elif after and not dry_run:
        click.echo(f"{len(after) - len(left)} of {_count(len(after))} {RESOLVED[action]}.")
        for entry in left:
            click.echo(f"Not {RESOLVED[action]}: {entry['write_id']}, which is {entry['status']}.")
    if left and failures:
        failures[-1].message = (
            f"{said}\nGive the command again for the rest: no entry is {RESOLVED[action]} twice. "
            "If an item has changed since: pilot-light ledger reconcile, then look at it again."
        )
        raise failures[-1]
    if left:
        raise click.exceptions.Exit(exits.ATTENTION)


def _call(deployment: Deployment, action: str, ids: Sequence[str], by: str) -> Any:
    from cli.ledger.invoking import invoke_call

    payload = {"action": action, "write_ids": list(ids), "by": by}
    return invoke_call(deployment, payload, f"{action} {_count(len(ids))} of the ledger")


def _explain(asked: Asked, action: str, ids: Sequence[str], by: str | None) -> None:
    from pilotlight.ledger.entry import key

    from cli.asking.call import identity
    from cli.ledger.selecting import rows_call

    deployment = asked.deployment
    rows = [rows_call(deployment, [key(one) for one in ids])]
    who = [] if by else [identity(deployment.secondary)]
    call = _call(deployment, action, ids or ["<write id>"], by or "<your name>")
    asked.print_calls([*(rows if ids else read_calls(deployment)), *who, call])


def _count(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"
