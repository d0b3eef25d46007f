"""Is the Primary down? The verdict from own probes, the beacon and the pulse, by one rule."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from pilot_light_client.timestamps import has_happened, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pilotlight.sentinel.observation import Beacon, PulseStreak
    from pilotlight.sentinel.probe_result import Probe

Verdict = Literal["outage", "healthy", "unclear"]
# Three times as long as a pulse is apart from the next.
STILL_SECONDS = 30.0
# Own probes of a judgement, side by side, and the time limit of each.
PROBES, TIMEOUT = 3, 2.0
# How long, and how often, the beacon is read again where it alone is missing to an outage.
FOLLOW_SECONDS, READ_SECONDS = 6.0, 0.25


@dataclass(frozen=True)
class PulseEvidence:
    """Whether the Primary's pulse stands still in the control table, and for how long.

    Still for 30 s, while strong reads work here, means that the Primary can acknowledge no write.
    `still` is False if that is not known.
    """

    still: bool = False
    seconds: float | None = None
    detail: str = "The pulse was not read."


def pulse_evidence(beat: int | None, streak: PulseStreak, now: datetime) -> PulseEvidence:
    """Judge a pulse that was just read strongly by what the sentinel has stored about it."""
    if beat is None:
        return PulseEvidence(detail="There is no pulse yet.")
    if beat != streak.beat or streak.still_since is None:
        return PulseEvidence(seconds=0.0, detail="The pulse moves.")
    seconds = round((now - parse(streak.still_since)).total_seconds(), 1)
    if not has_happened(seconds):
        return PulseEvidence(detail="When the pulse last moved is not known: a clock was ahead.")
    detail = f"The pulse has stood still for {seconds:g} s; from {STILL_SECONDS:g} s on it counts."
    return PulseEvidence(seconds >= STILL_SECONDS, seconds, detail)


def verdict(oks: Sequence[bool], beacon: Beacon, *, pulse_still: bool = False) -> Verdict:
    """Judge the own probes, all of them, with the beacon or the pulse beside them.

    The probes come from the Secondary's Region, the beacon carries the verdict of checkers
    elsewhere. A partition between the Regions fails the probes and leaves the beacon healthy: users
    still reach the Primary, so that is unclear. An unanswered beacon is unknown, not unhealthy. A
    pulse that stands still replaces the beacon: the Primary is cut off from the quorum, and can
    acknowledge no write, although users may reach it. `healthy` needs probes and beacon, because it
    ends a hold. Nothing is judged without a probe.
    """
    if not oks:
        return "unclear"
    if not any(oks) and (beacon == "unhealthy" or pulse_still):
        return "outage"
    return "healthy" if all(oks) and beacon == "healthy" else "unclear"


def beacon_may_follow(oks: Sequence[object], beacon: object) -> bool:
    """Return whether only the beacon is missing for an outage, as in the first seconds of each."""
    return bool(oks) and all(ok is False for ok in oks) and beacon in ("healthy", "unknown")


def evidence(
    probes: Sequence[Probe], beacon: Beacon, checked_at: str, pulse: PulseEvidence
) -> dict[str, Any]:
    """Return what the state machine keeps: the verdict, and what it rests on."""
    return {
        "verdict": verdict([p.ok for p in probes], beacon, pulse_still=pulse.still),
        "probes": [asdict(p) for p in probes],
        "beacon": beacon,
        "pulse": asdict(pulse),
        "checked_at": checked_at,
    }


def account(oks: Sequence[object], beacon: object, pulse: Mapping[str, Any]) -> str:
    """Return what probes, beacon and pulse observed, and whether they disagree."""
    good = sum(ok is True for ok in oks)
    detail = f"{good} of {len(oks)} own probes of the Primary succeeded, the beacon is {beacon}"
    if oks and not good and beacon == "healthy":
        detail += "; the Secondary's Region does not reach the Primary, Route 53's checkers do"
    elif good and good == len(oks) and beacon == "unhealthy":
        detail += "; the Secondary's Region reaches the Primary, Route 53's checkers do not"
    still = f" {pulse['detail']}" if pulse.get("still") is True else ""
    return f"{detail}.{still}"
