"""Can the Secondary serve? The verdict over checks that were tried."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Check:
    """One thing that was tried. Advisory checks tell a person; only required ones veto."""

    name: str
    required: bool
    ok: bool
    detail: str
    seconds: float


def evidence(checks: Sequence[Check], checked_at: str) -> dict[str, Any]:
    """Return the verdict and the checks. With no required check nothing is proven: not ready."""
    required = [c for c in checks if c.required]
    ready = bool(required) and all(c.ok for c in required)
    return {
        "verdict": "ready" if ready else "not_ready",
        "checks": [asdict(c) for c in checks],
        "checked_at": checked_at,
    }
