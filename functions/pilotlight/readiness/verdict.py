"""Can a Region serve? The verdict over the results of checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

State = Literal["ok", "failed", "unknown"]
Outcome = tuple[State, str]


@dataclass(frozen=True)
class CheckResult:
    """What one check found. A failed advisory check is reported; only required ones veto."""

    name: str
    required: bool
    state: State
    detail: str
    seconds: float = 0.0


def outcome(ok: bool, detail: str) -> Outcome:
    """Return what a check found, with its detail."""
    return "ok" if ok else "failed", detail


def verdict(results: Sequence[CheckResult]) -> Literal["ready", "not_ready"]:
    """Return the verdict. Without a required check nothing is proven: not ready."""
    required = [r for r in results if r.required]
    return "ready" if required and all(r.state == "ok" for r in required) else "not_ready"


def evidence(results: Sequence[CheckResult], checked_at: str) -> dict[str, Any]:
    """Return the verdict and the results as evidence of a run."""
    checks = [
        {
            "name": r.name,
            "required": r.required,
            "ok": r.state == "ok",
            "detail": r.detail,
            "seconds": r.seconds,
        }
        for r in results
    ]
    return {"verdict": verdict(results), "checks": checks, "checked_at": checked_at}
