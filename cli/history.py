"""The command `pilot-light history`: the recoveries on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.options import REGION_SECONDS, Asked, operator_options, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cli.asking.call import Call
    from cli.asking.together import Answers

# As many items one call reads.
MOST = 100


@click.command()
@click.option(
    "--limit", type=click.IntRange(1, MOST), default=10, show_default=True, help="How many epochs."
)
@operator_options
def history(*, asked: Asked, limit: int) -> None:
    """Show the recoveries on record, the newest first.

    Every claim makes an epoch: failovers, drills and planned moves. The RTO is the machine's, from
    the first failed probe to confirmed traffic.

    Exit codes: 0 shown, 1 an epoch has no record, 2 usage or nothing deployed, 4 not readable.
    """
    from cli.asking.call import get_item
    from cli.status import reads

    deployment = asked.deployment
    region, table = deployment.secondary, deployment.name("control-quorum")
    control = get_item(region, table, "control", "the newest epoch")
    if asked.explain:
        asked.print_calls([control, reads.recoveries(deployment, ["<epoch>"])])
        return
    from cli.asking.needed import needed
    from cli.asking.together import Answers, ask

    def records(known: Answers) -> Sequence[Call]:
        epochs = _epochs(known, limit)
        return [reads.recoveries(deployment, list(map(str, epochs)))] if epochs else []

    answers = Answers(region)
    ask(asked.clients(), [control], REGION_SECONDS, answers, records, ["control"])
    needed(answers, "control", "recoveries")
    document = _document(answers, _epochs(answers, limit))
    if asked.as_json:
        print_json(document)
    else:
        _show(document)
    if document["without_record"]:
        raise click.exceptions.Exit(1)


def _epochs(answers: Answers, limit: int) -> list[int]:
    """Return the newest epochs. The first one was seeded: nothing was recovered from."""
    item = answers.values.get("control", {}).get("Item", {})
    newest = int(item.get("epoch", {}).get("N", 1))
    return list(range(newest, max(newest - limit, 1), -1))


def _document(answers: Answers, epochs: list[int]) -> dict[str, Any]:
    """Return what cli/schemas/history.schema.json describes."""
    from pilotlight.recoveries import schema
    from pilotlight.reporting.past_recoveries import recovery

    answer = answers.values.get("recoveries", {})
    rows = [schema.plain(row) for table in answer.get("Responses", {}).values() for row in table]
    by_epoch = {row.get("epoch"): row for row in rows}
    shown = [
        {**recovery(record), "execution": record.get("execution")}
        for epoch in epochs
        if (record := by_epoch.get(epoch))
    ]
    bare = [epoch for epoch in epochs if epoch not in by_epoch]
    return {"version": 1, "recoveries": shown, "without_record": bare}


def _show(document: Mapping[str, Any]) -> None:
    from cli.screens import console, table

    out = console()
    if not document["recoveries"] and not document["without_record"]:
        out.print("No recovery is on record: the epoch is the first one.")
        return
    rows = table(
        "Epoch", "Recorded (UTC)", "What", "Outcome", "RTO", "Target", "RPO", "Execution", whole=2
    )
    for r in document["recoveries"]:
        rows.add_row(
            str(r["epoch"]),
            str(r["recorded_at"]).replace("T", " ")[:16],
            str(r["mode"]),
            str(r["outcome"]),
            _seconds(r["rto_seconds"]),
            _seconds(r["rto_target_seconds"]),
            _seconds(r["rpo_seconds"]),
            str(r["execution"]).rsplit(":", 1)[-1],
        )
    out.print(rows)
    for epoch in document["without_record"]:
        out.print(f"Epoch {epoch} has no record: the next run of a machine completes it.")


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:g} s"
