"""`python -m tools.bench`, which `make bench` runs: a lab of its own, outages, figures.

Exit codes: 0 it could be measured, 2 usage or environment, 130 interrupted.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from lab import process
from lab.cli import main
from lab.commands.options import described, ports, speed as speed_option
from lab.config import LabError
from lab.drill.own_lab import own_lab
from lab.progress import Progress, console
from tools.bench import cold_starts, designs, fence_cost, report as reports, tables
from tools.bench.figures import phases
from tools.bench.scenario import BenchScenario
from tools.reader import ROOT

if TYPE_CHECKING:
    from lab.config import LabConfig


class NoReport(LabError):
    """There is no report to show."""


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--outages",
    type=click.IntRange(1, 100),
    default=4,
    show_default=True,
    help="How many of each style, for each of our two designs.",
)
@click.option(
    "--users",
    type=click.IntRange(1, 20),
    default=5,
    show_default=True,
    help="Users of each design.",
)
@click.option("--seed", type=int, help="Draws the phases. Without it each run draws others.")
@speed_option(5.0)
@click.option(
    "--reports",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "reports" / "bench",
    help="Where the reports go.",
)
@click.option("--write-doc", is_flag=True, help="Put the figures into docs/benchmark.md.")
@click.option(
    "--from",
    "earlier",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Run nothing: show a bench.json again, and write its page.",
)
@click.option("--fence", is_flag=True, help="Measure only what the fence adds to a write.")
@click.option("--cold", is_flag=True, help="Measure only the cold start of each function.")
@ports
def bench(
    *,
    outages: int,
    users: int,
    seed: int | None,
    speed: float,
    folder: Path,
    write_doc: bool,
    earlier: Path | None,
    fence: bool,
    cold: bool,
    **options: int,
) -> None:
    """Compare designs: the same outages against record sets that stand side by side.

    The exit code reports whether it could be measured; the goals are judged in the report.
    """
    if fence:
        costs = fence_cost.every()
        print_table(tables.fence(costs))
        if write_doc:
            reports.fill_fence(costs)
        return
    if cold:
        found = cold_starts.every()
        table = tables.cold_starts(found)
        console.print(table.title, style="bold")
        print_table(table)
        if write_doc:
            reports.fill_cold(found)
        return
    if earlier:
        report, place = read(earlier), earlier.parent
        reports.write(report, place)
    else:
        config = described(speed=speed, **options)
        seed = secrets.randbelow(2**31) if seed is None else seed
        report = measure(config, folder, outages=outages, users=users, seed=seed)
        place, latest = folder / report["id"], folder / "latest"
        reports.write(report, place)
        latest.unlink(missing_ok=True)
        latest.symlink_to(place.name)
    show(report)
    console.print(f"Report: {os.path.relpath(place)}/bench.html", soft_wrap=True)
    if write_doc:
        reports.fill(report)


def measure(
    config: LabConfig, folder: Path, *, outages: int, users: int, seed: int
) -> dict[str, Any]:
    """Run the benchmark in a lab of its own, and return its report.

    The folder gets the engine's log where a user was not served again.
    """
    progress, started, load = Progress(), time.time(), os.getloadavg()[0]
    ours, rivals = ([d.key for d in each] for each in (designs.OURS, designs.RIVALS))
    drawn = phases(seed, outages, ours, rivals, users)
    # One outage follows the other: none waits for the cooldown of the last.
    with own_lab(config, progress, "CooldownSeconds=0") as lab:
        with progress.step("Record sets of the other designs, beside the deployed one"):
            designs.deploy(config, lab)
        measured = BenchScenario(config, lab, progress).run(drawn)
        if any(s.total is None for outage in measured for s in outage.samples):
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(process.RUN / "engine.log", folder)
    with progress.step("What the fence adds to a write"):
        fence = fence_cost.every()
    return reports.report(
        config, measured, started=started, seed=seed, users=users, fence=fence, load=load
    )


def read(file: Path) -> dict[str, Any]:
    """Return a report that was written before.

    Raises
    ------
    NoReport
        The file is not a report of this version of the benchmark.
    """
    try:
        report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise NoReport(f"{file} is not JSON: {error}.") from error
    if not reports.KIND.items() <= report.items():
        raise NoReport(f"{file} is not a report of this version of the benchmark.")
    return report


def print_table(table: tables.Table) -> None:
    """Print a table."""
    shown = Table(*table.head, box=None, pad_edge=False)
    for row in table.rows:
        shown.add_row(*row)
    console.print(shown)


def show(report: dict[str, Any]) -> None:
    """Print the figures and the goals."""
    console.print(f"\n{tables.heading(report)}\n", soft_wrap=True)
    of_styles = [tables.designs(part) for part in report["styles"]]
    for table in (*of_styles, tables.goals(report), tables.fence(report["fence"])):
        console.print(table.title, style="bold")
        print_table(table)
        console.print()
    if report["unrecovered"]:
        console.print(f"{report['unrecovered']} users were not served again in time.")


if __name__ == "__main__":
    main(bench, "python -m tools.bench")
