"""`lab take-over`: a lab of its own, the loss of the active Secondary, and the way back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lab.drill import quorum
from lab.drill.checks import run_checks
from lab.drill.failback.checks import ENTRY_NAMES
from lab.drill.observations import seconds_after
from lab.drill.own_lab import own_lab
from lab.drill.report.stages import gap, wall_seconds
from lab.drill.take_over.checks import CHECKS
from lab.drill.take_over.scenario import TakeOverScenario
from lab.drill.users.returned import handling
from lab.progress import Progress, console, print_checks, verdict_of

if TYPE_CHECKING:
    from pathlib import Path

    from lab.config import LabConfig
    from lab.drill.take_over.checks import TakeOver


def run_take_over(config: LabConfig, folder: Path) -> bool:
    """Lose the active Secondary, take over in the Primary, and return whether all went well."""
    progress = Progress()
    with own_lab(config, progress) as lab:
        drill = TakeOverScenario(config, lab, progress).run()
    take_over = report(drill)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "take-over.json").write_text(json.dumps(take_over, indent=2) + "\n", encoding="utf-8")
    print_checks(console, take_over["checks"])
    passed = bool(take_over["verdict"] == "pass")
    figures = ", ".join(
        f"{kind}s {'never' if seconds is None else f'{seconds:.1f} s'}"
        for kind in ("read", "write")
        for seconds in [take_over[f"rto_{kind}_wall_seconds"]]
    )
    verdict = verdict_of(passed=passed)
    console.print(f"\n{verdict}  RTO here, from the first failed request: {figures}")
    return passed


def report(drill: TakeOver) -> dict[str, Any]:
    """Return take-over.json."""
    results = run_checks(drill, CHECKS)
    counted = asdict(drill.fate) if drill.fate else {}
    return {
        "verdict": "pass" if all(check.passed for check in results) else "fail",
        **{f"{name}_writes": number for name, number in counted.items()},
        **wall_seconds(gap(drill)),
        "alarmed_after_seconds": seconds_after(drill.alarmed_at, drill.outage),
        "returned": handling(drill.returned, drill.secondary, drill.healed),
        "control": quorum.changes(drill.control_reads, drill.outage),
        "ledger": [{name: entry.get(name) for name in ENTRY_NAMES} for entry in drill.ledger],
        "checks": [asdict(check) for check in results],
    }
