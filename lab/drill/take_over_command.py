"""`lab take-over`: a lab of its own, the loss of the active Secondary, and the way back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from lab.drill import quorum
from lab.drill.own_lab import own_lab
from lab.drill.returned import fared
from lab.drill.take_over import checks, fate
from lab.drill.take_over_scenario import TakeOverScenario
from lab.progress import Progress, console

if TYPE_CHECKING:
    from pathlib import Path

    from lab.config import LabConfig
    from lab.drill.checks import Check
    from lab.drill.take_over import TakeOver


def run_take_over(config: LabConfig, folder: Path) -> bool:
    """Lose the active Secondary, take over in the Primary, and say whether all went well."""
    progress = Progress()
    with own_lab(config, progress) as lab:
        seen = TakeOverScenario(config, lab, progress).run()
    judged = checks(seen)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(told(seen, judged), indent=2)
    (folder / "take-over.json").write_text(text + "\n", encoding="utf-8")
    show(judged, seen)
    return all(check.passed for check in judged)


def told(seen: TakeOver, judged: list[Check]) -> dict[str, Any]:
    """Return what take-over.json says."""
    found = fate(seen)
    counted = asdict(found) if found else {}
    names = ("write_id", "item_id", "kinds", "region", "epoch", "version", "written_at", "status")
    return {
        "verdict": "pass" if all(check.passed for check in judged) else "fail",
        **{f"{name}_writes": number for name, number in counted.items()},
        "rto_read_wall_seconds": seen.rto["read"],
        "rto_write_wall_seconds": seen.rto["write"],
        "alarmed_after_seconds": round(seen.alarmed_at - seen.lost_at, 3)
        if seen.alarmed_at
        else None,
        "returned": fared(seen.returned, seen.secondary, seen.healed),
        "control": quorum.changes(seen.control_reads, seen.lost_at),
        "ledger": [{name: entry.get(name) for name in names} for entry in seen.ledger],
        "checks": [asdict(check) for check in judged],
    }


def show(judged: list[Check], seen: TakeOver) -> None:
    """Print each check, the RTO and the verdict."""
    console.print()
    for check in judged:
        mark = "[green]✓[/]" if check.passed else "[red]✗[/]"
        name = check.name.replace("_", " ")
        console.print(f"{mark} {name}: [dim]{escape(check.detail)}[/]", soft_wrap=True)
    passed = all(check.passed for check in judged)
    verdict = "[bold green]PASS[/]" if passed else "[bold red]FAIL[/]"
    figures = ", ".join(
        f"{kind}s {'never' if seconds is None else f'{seconds:.1f} s'}"
        for kind, seconds in seen.rto.items()
    )
    console.print(f"\n{verdict}  RTO here, from the first failed request: {figures}")
