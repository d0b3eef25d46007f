"""`python -m tools.bench`, which `make bench` runs.

Exit codes: 0 it could be measured, 2 usage or environment, 130 interrupted.
"""

from __future__ import annotations

from pathlib import Path

import click

from lab.cli import main
from lab.commands.options import SPEED, described, ports
from tools.bench.command import again, run_bench
from tools.bench.document import fill
from tools.reader import ROOT


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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
@click.option(
    "--reports",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "reports" / "bench",
    help="Where the reports go.",
)
@click.option("--write-doc", is_flag=True, help="Put the figures into docs/benchmark.md.")
@click.option(
    "--from",
    "known",
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
    known: Path | None,
    **options: int,
) -> None:
    """Compare designs: the same outages against record sets that stand side by side.

    The exit code says whether it could be measured; the goals are judged in the report.
    """
    if known:
        found = again(known)
    else:
        config = described(speed=speed, **options)
        found = run_bench(config, reports, outages=outages, users=users, seed=seed)
    if write_doc:
        fill(found)


if __name__ == "__main__":
    main(bench, "python -m tools.bench")
