"""`lab break-glass`: a lab of its own, the loss of the active Secondary, and the way back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from lab.drill.break_glass import checks, fate
from lab.drill.break_glass_course import Course
from lab.drill.own_lab import own_lab
from lab.progress import Progress, console

if TYPE_CHECKING:
    from pathlib import Path

    from lab.config import LabConfig
    from lab.drill.break_glass import BreakGlass
    from lab.drill.checks import Check

# A rehearsal follows soon after moves, as no alarm should.
PARAMETERS = ("CooldownSeconds=0",)


def run_break_glass(config: LabConfig, folder: Path) -> bool:
    """Lose the active Secondary, break the glass, reconcile, and say whether all went well."""
    progress = Progress()
    with own_lab(config, progress, *PARAMETERS) as lab:
        seen = Course(config, lab, progress).run()
    judged = checks(seen)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(told(seen, judged), indent=2)
    (folder / "break-glass.json").write_text(text + "\n", encoding="utf-8")
    show(judged)
    return all(check.passed for check in judged)


def told(seen: BreakGlass, judged: list[Check]) -> dict[str, Any]:
    """Return what break-glass.json says."""
    found = fate(seen)
    counted = asdict(found) if found else {}
    names = ("write_id", "item_id", "kinds", "region", "epoch", "version", "written_at", "status")
    return {
        "verdict": "pass" if all(check.passed for check in judged) else "fail",
        **{f"{name}_writes": number for name, number in counted.items()},
        "two_writers_seconds": seen.two_writers_seconds,
        "two_writers_writes": len(seen.two_writers),
        "ledger": [{name: entry.get(name) for name in names} for entry in seen.ledger],
        "checks": [asdict(check) for check in judged],
    }


def show(judged: list[Check]) -> None:
    """Print each check and the verdict."""
    console.print()
    for check in judged:
        mark = "[green]✓[/]" if check.passed else "[red]✗[/]"
        name = check.name.replace("_", " ")
        console.print(f"{mark} {name}: [dim]{escape(check.detail)}[/]", soft_wrap=True)
    passed = all(check.passed for check in judged)
    console.print("\n[bold green]PASS[/]" if passed else "\n[bold red]FAIL[/]")
