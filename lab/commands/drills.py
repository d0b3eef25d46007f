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
    """Lose something under load, and report what follows.

    The drill begins an outage, watches, ends it, and checks everything. The exit code is the
    verdict: 0 if what had to happen, happened.
    """
    from lab.drill.command import run_drill

    config = described(speed=speed, replication_lag=replication_lag, **options)
    passed = run_drill(
        config, reports, outage=outage, style=style, parameters=parameters, keep=keep
    )
    sys.exit(0 if passed else 1)


@click.command()
@click.option(
    "--count", type=click.IntRange(1, 200), default=10, show_default=True, help="Number of moves."
)
@click.option(
    "--users", type=click.IntRange(1, 8), default=3, show_default=True, help="Users side by side."
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
    """Move to the Secondary and back under load.

    Planned moves; measured is for how long each refuses writes. The exit code is 0 if every move
    moved and no acknowledged write was lost.
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
    """Lose the active Secondary, take over by hand.

    Then the Secondary comes back and is reconciled. The exit code is 0 if all of it went as the
    runbook says, the returned Secondary took no write, and no acknowledged write is lost.
    """
    from lab.drill.take_over.command import run_take_over

    config = described(speed=speed, replication_lag=replication_lag, **options)
    sys.exit(0 if run_take_over(config, reports) else 1)


@click.command()
@click.option(
    "--outages",
    type=click.IntRange(1, 500),
    default=20,
    show_default=True,
    help="Number of outages.",
)
@click.option(
    "--users",
    type=click.IntRange(1, 20),
    default=5,
    show_default=True,
    help="Users of each design.",
)
@click.option("--seed", type=int, help="Seed of the phases. Default: a new one each time.")
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
    """Compare designs through the same outages.

    The designs' record sets stand side by side. The exit code is 0 if all of it could be measured;
    the report judges the goals.
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
