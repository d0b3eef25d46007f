"""Labs that are up for one purpose: a drill, planned moves, a take-over."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

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
from lab.engine.outages.named_outages import NAMED

if TYPE_CHECKING:
    from pathlib import Path


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
