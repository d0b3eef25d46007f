"""A lab of its own, outages, figures."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from typing import TYPE_CHECKING, Any

import jsonschema
from rich.table import Table

from lab import deployment, process
from lab.config import LabError
from lab.control import Control
from lab.progress import Progress, console
from tools.bench import designs, fence_cost, report
from tools.bench.figures import phases
from tools.bench.scenario import BenchScenario
from tools.bench.wording import seconds, shown, times

if TYPE_CHECKING:
    from pathlib import Path

    from lab.config import LabConfig


class NoReport(LabError):
    """There is no report to show."""


def run_bench(
    config: LabConfig, reports: Path, *, outages: int, users: int, seed: int | None
) -> dict[str, Any]:
    """Run the benchmark, write its report, and return it; where it is cut short, write nothing."""
    progress, started = Progress(), time.time()
    seed = secrets.randbelow(2**31) if seed is None else seed
    drawn = phases(seed, outages, [d.key for d in designs.DESIGNS], users)
    load = os.getloadavg()[0]
    with progress.step("Engine: a laptop AWS with two Regions"):
        engine = process.start(config.with_options(speed=1.0), owned=True)
    try:
        deployment.build(progress)
        with progress.step("What the fence adds to a write"):
            built = deployment.BUILD / "out"
            fence = fence_cost.run(built / "AppFunction", built / "DependenciesLayer" / "python")
        # One outage follows the other: none waits for the cooldown of the last.
        deployment.deploy(config, progress, "CooldownSeconds=0")
        lab = Control(config)
        lab.act("speed", factor=config.speed)
        with progress.step("Record sets of the other designs, beside the deployed one"):
            designs.deploy(config, lab)
        seen = BenchScenario(config, lab, progress, users).run(drawn)
        found = report.report(
            config, seen, started=started, seed=seed, users=users, fence=fence, load=load
        )
        place = report.write(found, reports)
        if found["unrecovered"]:
            shutil.copy(process.RUN / "engine.log", place / "engine.log")
    finally:
        engine.stop()
    show(found, place)
    return found


def again(known: Path) -> dict[str, Any]:
    """Show a report that was written before, and draw its plot and page anew.

    Raises
    ------
    NoReport
        The file is not a report of the benchmark.
    """
    try:
        found: dict[str, Any] = json.loads(known.read_text(encoding="utf-8"))
        report.validate(found)
    except (ValueError, jsonschema.ValidationError) as error:
        raise NoReport(f"{known} is not a report of the benchmark: {error}.") from error
    report.render_into(found, known.parent)
    show(found, known.parent)
    return found


def show(found: dict[str, Any], place: Path) -> None:
    """Print the figures and the goals."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Design")
    for column in (
        "read p50",
        "read p99",
        "write p50",
        "write p99",
        "resolver p99",
        "p50 to plain",
    ):
        table.add_column(column, justify="right")
    for design in found["designs"]:
        table.add_row(
            design["title"],
            *(
                seconds(design[f"rto_{kind}_seconds"][rank])
                for kind in ("read", "write")
                for rank in ("p50", "p99")
            ),
            seconds(design["resolver_seconds"]["p99"]),
            times(design["to_plain"]["p50"]),
        )
    console.print(
        f"\nSeconds at AWS's intervals, which ran {found['clock']['speed']:g} times faster:"
    )
    console.print(table)
    console.print()
    for goal in found["goals"]:
        mark = "[green]✓ met   [/]" if goal["met"] else "[red]✗ MISSED[/]"
        why = f"; longest: {', '.join(goal['held_back_by'])}" if goal["held_back_by"] else ""
        console.print(
            f"{mark} {goal['name']}: {shown(goal['seen'], goal['unit'])}, "
            f"goal {shown(goal['limit'], goal['unit'])} or less{why}",
            soft_wrap=True,
        )
    if found["unrecovered"]:
        console.print(f"[red]{found['unrecovered']} users were not served again in time.[/]")
    console.print(f"Report: {os.path.relpath(place)}/bench.html", soft_wrap=True)
