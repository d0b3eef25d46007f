"""`lab drill`: a lab of its own, the scenario, the report."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from lab import process
from lab.config import LabError
from lab.drill.outage.scenario import Scenario
from lab.drill.own_lab import own_lab
from lab.drill.report import report
from lab.engine.outages.named_outages import unfit
from lab.progress import Progress, console, print_checks, verdict_of

if TYPE_CHECKING:
    from pathlib import Path

    from lab.config import LabConfig


def run_drill(
    config: LabConfig,
    folder: Path,
    *,
    outage: str = "region",
    style: str | None = None,
    parameters: tuple[str, ...] = (),
    cold_starts: bool = True,
    keep: bool,
) -> bool:
    """Run a drill and return whether it passed. Unless `keep` is set, the lab ends with it."""
    if refused := unfit(outage, style):
        raise LabError(refused)
    progress = Progress()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f"Reports cannot be written to {folder}: {error.strerror}.") from error
    with own_lab(config, progress, *parameters, keep=keep) as lab:
        drill = Scenario(
            config,
            lab,
            progress,
            outage=outage,
            style=style,
            parameters=parameters,
            cold_starts=cold_starts,
        ).run()
        document = report.report(drill)
        place = report.write(document, folder)
        passed = document["verdict"] == "pass"
        if not passed:
            shutil.copy(process.RUN / "engine.log", place / "engine.log")
        show(document, place)
    if keep:
        console.print("The lab is still up. `lab down` ends it.")
    return bool(passed)


def show(document: dict[str, Any], place: Path) -> None:
    """Print the stages, the checks and the verdict."""
    stages = Table(box=None, pad_edge=False, show_header=False)
    stages.add_column()
    stages.add_column(justify="right")
    stages.add_column()
    for stage in document["stages"]:
        seconds = f"{stage['seconds']:.2f} s"
        stages.add_row(stage["name"], seconds, "[dim]modelled[/]" if stage["modelled"] else "")
    if document["stages"]:
        console.print("\nFrom the first failed request to the first good write:")
        console.print(stages)
    print_checks(console, document["checks"])
    outage = document["outage"]
    console.print(
        f"\nOutage {outage['mode']}, expected: {outage['expected']}. The application "
        f"{outage['verdict']}.",
        soft_wrap=True,
    )
    figures, clock = "nothing had to recover", document["clock"]
    if document["stages"] or outage["expected"] == "recovers":
        figures = (
            f"RTO at AWS's intervals: read {_seconds(document['rto_read_seconds'])}, "
            f"write {_seconds(document['rto_write_seconds'])} (here: "
            f"{_seconds(clock['rto_read_wall_seconds'])}, "
            f"{_seconds(clock['rto_write_wall_seconds'])}), "
            f"RPO {_seconds(document['rpo_seconds'])}"
        )
    verdict = verdict_of(passed=document["verdict"] == "pass")
    console.print(f"{verdict}  outcome {document['outcome']}, {figures}", soft_wrap=True)
    console.print(f"Report: {escape(os.path.relpath(place))}/report.html", soft_wrap=True)


def _seconds(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f} s"
