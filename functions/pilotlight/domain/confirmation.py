"""Is the Primary down? The verdict from own probes and from the beacon."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Beacon = Literal["healthy", "unhealthy", "unknown"]
Verdict = Literal["outage", "healthy", "unclear"]


@dataclass(frozen=True)
class Probe:
    """One request to the Primary's own name."""

    ok: bool
    status: int | None
    error: str | None
    seconds: float
    at: str


def verdict(probes: Sequence[Probe], beacon: Beacon) -> Verdict:
    """Call it an outage, or health, only where both witnesses agree.

    The probes look from the Secondary's Region, the beacon carries the word of checkers elsewhere.
    A partition between the Regions fails the probes and leaves the beacon healthy: users still
    reach the Primary, so that is unclear. An unanswered beacon is unknown, not unhealthy.
    """
    if not probes:
        return "unclear"
    if beacon == "unhealthy" and not any(p.ok for p in probes):
        return "outage"
    if beacon == "healthy" and all(p.ok for p in probes):
        return "healthy"
    return "unclear"


def evidence(probes: Sequence[Probe], beacon: Beacon, checked_at: str) -> dict[str, Any]:
    """Return what the state machine keeps: the verdict and what it rests on."""
    return {
        "verdict": verdict(probes, beacon),
        "probes": [asdict(p) for p in probes],
        "beacon": beacon,
        "checked_at": checked_at,
    }
