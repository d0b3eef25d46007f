"""Labs that are up for one purpose: a drill, planned moves, a take-over, the benchmark."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lab.commands.options import (
    LAG,
    OUTAGES,
    PARAMETER,
    SPEED,
    STYLE,
    described,
    ports,
    reports_in,
)
from lab.engine.named_outages import NAMED


@click.command(epilog=OUTAGES)
@SPEED
@LAG
@reports_in("")
@click.option(
    "--outage",
    type=click.Choice(list(NAMED)),
    default="region",
    show_default=True,
    metavar="MODE",
    help="What is lost.",
)
@STYLE
@PARAMETER
@click.option("--keep", is_flag=True, help="Leave the lab up afterwards, to look around.")
@ports
def drill(
    *,
    speed: float,
    replication_lag: float,
    reports: Path,
    outage: str,
    style: str | None,
    parameters: tuple[str, ...],
    keep: bool,
    **options: int,
) -> None:
    """Begin an outage under load, watch what comes of it, check it, and write a report.

    The exit code is the verdict: whether what had to happen, happened.
    """
    from lab.drill.command import run_drill

    config = described(speed=speed, replication_lag=replication_lag, **options)
    passed = run_drill(
        config, reports, outage=outage, style=style, parameters=parameters, keep=keep
    )
    sys.exit(0 if passed else 1)


@click.command()
@click.option(
    "--count", type=click.IntRange(1, 200), default=10, show_default=True, help="How many."
)
@click.option(
    "--users", type=click.IntRange(1, 8), default=3, show_default=True, help="Side by side."
)
@SPEED
@LAG
@reports_in("moves")
@ports
def moves(
    *,
    count: int,
    users: int,
    speed: float,
    replication_lag: float,
    reports: Path,
    **options: int,
) -> None:
    """Move to the Secondary and back, as planned, under load, and measure what writers notice.

    The exit code says whether every move moved and no acknowledged write was lost.
    """
    from lab.drill.moves import run_moves

    config = described(speed=speed, replication_lag=replication_lag, **options)
    sys.exit(0 if run_moves(config, reports, count=count, users=users).passed else 1)


@click.command()
@SPEED
@LAG
@reports_in("take-over")
@ports
def take_over(*, speed: float, replication_lag: float, reports: Path, **options: int) -> None:
    """Lose the Secondary while it is active, take over in the Primary, bring it back, reconcile.

    The exit code says whether all of it went as the runbook says, the returned Secondary took no
    write, and no acknowledged write is lost.
    """
    from lab.drill.take_over.command import run_take_over

    config = described(speed=speed, replication_lag=replication_lag, **options)
    sys.exit(0 if run_take_over(config, reports) else 1)


@click.command()
@click.option(
    "--outages", type=click.IntRange(1, 500), default=20, show_default=True, help="How many."
)
@click.option(
    "--users", type=click.IntRange(1, 20), default=5, show_default=True, help="Of each design."
)
@click.option(
    "--seed", type=int, help="Draws the phases; another one each time where none is given."
)
@SPEED
@reports_in("bench")
@click.option("--write-doc", is_flag=True, help="Put the figures into docs/benchmark.md.")
@click.option(
    "--from",
    "report",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Run nothing: show a bench.json again, and write its documents.",
)
@ports
def bench(
    *,
    outages: int,
    users: int,
    seed: int | None,
    speed: float,
    reports: Path,
    write_doc: bool,
    report: Path | None,
    **options: int,
) -> None:
    """Compare designs: the same outages against record sets that stand side by side.

    The exit code says whether it could be measured; the goals are judged in the report.
    """
    from lab.bench.command import again, run_bench
    from lab.bench.document import fill

    if report:
        document = again(report)
    else:
        config = described(speed=speed, **options)
        document = run_bench(config, reports, outages=outages, users=users, seed=seed)
    if write_doc:
        fill(document)
