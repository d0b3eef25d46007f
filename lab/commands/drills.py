"""Labs that are up for one purpose: a drill, planned moves, a take-over."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from lab.commands.options import LAG, OUTAGES, PARAMETER, SPEED, STYLE, described, ports
from lab.config import ROOT
from lab.engine.outages.named_outages import NAMED


@click.command(epilog=OUTAGES)
@SPEED
@LAG
@click.option(
    "--reports",
    type=click.Path(file_okay=False),
    default=str(ROOT / "reports"),
    help="Where the reports go.",
)
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
    reports: str,
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
    what: dict[str, Any] = {"outage": outage, "style": style, "parameters": parameters}
    sys.exit(0 if run_drill(config, reports, **what, keep=keep) else 1)


@click.command()
@click.option(
    "--count", type=click.IntRange(1, 200), default=10, show_default=True, help="How many."
)
@click.option(
    "--users", type=click.IntRange(1, 8), default=3, show_default=True, help="Side by side."
)
@SPEED
@LAG
@click.option(
    "--reports",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "reports" / "moves",
    help="Where moves.json goes.",
)
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
    sys.exit(0 if run_moves(config, reports, count=count, users=users).well else 1)


@click.command()
@SPEED
@LAG
@click.option(
    "--reports",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "reports" / "take-over",
    help="Where take-over.json goes.",
)
@ports
def take_over(*, speed: float, replication_lag: float, reports: Path, **options: int) -> None:
    """Lose the Secondary while it is active, take over in the Primary, bring it back, reconcile.

    The exit code says whether all of it went as the runbook says, the returned Secondary took no
    write, and no acknowledged write is lost.
    """
    from lab.drill.take_over_command import run_take_over

    config = described(speed=speed, replication_lag=replication_lag, **options)
    sys.exit(0 if run_take_over(config, reports) else 1)
