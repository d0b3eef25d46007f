"""Labs that are up for one purpose: a drill, planned moves, a take-over."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from lab.commands.options import (
    APP,
    APP_REQUIRED,
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
@click.option(
    "--cold-starts/--no-cold-starts",
    default=True,
    show_default=True,
    help="Whether new environments of functions are late, from the outage on.",
)
@click.option("--keep", is_flag=True, help="Leave the lab up afterwards, to look around.")
@APP
@ports
def drill(
    *,
    app: Path | None,
    reports: Path,
    outage: str,
    style: str | None,
    parameters: tuple[str, ...],
    cold_starts: bool,
    keep: bool,
    **options: float,
) -> None:
    """Lose something under load, and report what follows.

    The drill begins an outage, watches, ends it, and checks everything. The exit code is the
    verdict: 0 if what had to happen, happened. With --app it is the application in that folder,
    as its contract pilotlight.toml describes it; what is lost then is the Primary.
    """
    if app is not None:
        from lab.drill.application.command import run_drill as run_app_drill

        refused = [f"--outage {outage}"] if outage != "region" else []
        refused += [f"--style {style}"] if style else []
        if refused:
            raise click.UsageError(f"{refused[0]} is not possible with --app.")
        config = described(**options)
        passed = run_app_drill(config, app, reports, parameters=parameters, keep=keep)
        sys.exit(0 if passed else 1)
    from lab.drill.command import run_drill

    passed = run_drill(
        described(**options),
        reports,
        outage=outage,
        style=style,
        parameters=parameters,
        cold_starts=cold_starts,
        keep=keep,
    )
    sys.exit(0 if passed else 1)


@click.command()
@APP_REQUIRED
@SPEED
@LAG
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--keep", is_flag=True, help="Leave the lab up afterwards, to look around.")
@ports
def conform(*, app: Path, as_json: bool, keep: bool, **options: float) -> None:
    """Try whether an application is what its contract says.

    It is deployed under Pilot Light in a lab of its own, and each thing that its level asks for is
    tried. The exit code is 0 if all of it is met.
    """
    from lab.drill.application.command import run_conform

    sys.exit(0 if run_conform(described(**options), app, as_json=as_json, keep=keep) else 1)


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
def moves(*, count: int, users: int, reports: Path, **options: float) -> None:
    """Move to the Secondary and back under load.

    Planned moves; measured is for how long each refuses writes. The exit code is 0 if every move
    moved and no acknowledged write was lost.
    """
    from lab.drill.moves import run_moves

    report = run_moves(described(**options), reports, count=count, users=users)
    sys.exit(0 if report.passed else 1)


@click.command()
@SPEED
@LAG
@reports_in("take-over")
@ports
def take_over(*, reports: Path, **options: float) -> None:
    """Lose the active Secondary, take over by hand.

    Then the Secondary comes back and is reconciled. The exit code is 0 if all of it went as the
    runbook says, the returned Secondary took no write, and no acknowledged write is lost.
    """
    from lab.drill.take_over.command import run_take_over

    sys.exit(0 if run_take_over(described(**options), reports) else 1)
