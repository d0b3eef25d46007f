"""`lab drill --app` and `lab conform --app`: a lab of its own, and the report."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from lab import process
from lab.drill.application import checks as judged
from lab.drill.application.conformance import settled
from lab.drill.application.protected import own_lab
from lab.drill.application.scenario import AppDrill
from lab.drill.report.report import store
from lab.progress import Progress, console, print_checks, verdict_of

if TYPE_CHECKING:
    from pathlib import Path

    from lab.config import LabConfig

SETTLES_SECONDS = 15.0


def run_drill(
    config: LabConfig, app: Path, reports: Path, *, parameters: tuple[str, ...] = (), keep: bool
) -> bool:
    """Run a drill of an application, and return whether it passed at its level."""
    with own_lab(config, Progress(), app, *parameters, keep=keep) as (lab, contract):
        seen = AppDrill(config, lab, contract, Progress()).run()
        document = report(str(app), seen)
        place = write(document, reports)
        if not document["passed"]:
            shutil.copy(process.RUN / "engine.log", place / "engine.log")
    print_checks(console, document["checks"])
    console.print(f"\n{document['verdict']}", soft_wrap=True)
    console.print(f"{verdict_of(passed=document['passed'])}  {escape(str(app))}", soft_wrap=True)
    console.print(f"Report: {escape(os.path.relpath(place))}/report.json", soft_wrap=True)
    return bool(document["passed"])


def run_conform(config: LabConfig, app: Path, *, as_json: bool, keep: bool) -> bool:
    """Try whether an application is what its contract says, and return whether it is."""
    with own_lab(config, Progress(), app, keep=keep) as (lab, contract):
        drill = AppDrill(config, lab, contract, Progress())
        # An application whose health is not as declared never settles, and is to be told why.
        settled(lab, SETTLES_SECONDS)
        findings = drill.conform()
    passed = all(f.passed for f in findings)
    if as_json:
        found = {"level": contract.level, "passed": passed}
        console.print_json(json.dumps({**found, "findings": [asdict(f) for f in findings]}))
        return passed
    for finding in findings:
        mark = "[green]✓[/]" if finding.passed else "[red]✗[/]"
        what = f"level {finding.level}, {escape(finding.name)}"
        console.print(f"{mark} {what}: [dim]{escape(finding.detail)}[/]", soft_wrap=True)
        if finding.remedy:
            console.print(f"    {escape(finding.remedy)}", soft_wrap=True)
    console.print(
        f"{verdict_of(passed=passed)}  {escape(str(app))} at level {contract.level}", soft_wrap=True
    )
    return passed


def report(app: str, seen: Any) -> dict[str, Any]:
    """Return the report of a drill. Seconds are the lab's: AWS's intervals run faster there."""
    found = judged.checks(seen)
    return {
        "app": app,
        "level": seen.level,
        "passed": all(c["passed"] for c in found),
        "verdict": judged.verdict(seen),
        "read_seconds_in_the_lab": judged.recovery_seconds(seen, "read"),
        "write_seconds_in_the_lab": judged.recovery_seconds(seen, "write"),
        "checks": found,
        "conformance": [asdict(f) for f in seen.conformance],
        "failover": seen.failover.output if seen.failover else None,
        "failback": seen.failback.output if seen.failback else None,
        "requests": len(seen.calls),
        "failed_requests": sum(not c.good for c in seen.calls),
    }


def write(document: dict[str, Any], reports: Path) -> Path:
    """Write a report below a folder, and return its place."""
    name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return store(name, {"report.json": json.dumps(document, indent=2, default=str)}, reports)
