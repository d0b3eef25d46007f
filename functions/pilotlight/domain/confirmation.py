"""Is the Primary down? The verdict from own probes and from the beacon, by a policy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from pilotlight.control.pulse import STILL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pilotlight.domain.sentinel import PulseStreak

Beacon = Literal["healthy", "unhealthy", "unknown"]
Verdict = Literal["outage", "healthy", "unclear"]
Policy = Literal["both", "any", "route53"]


@dataclass(frozen=True)
class Probe:
    """One request to the Primary's own name."""

    ok: bool
    status: int | None
    error: str | None
    seconds: float
    at: str


def policy(text: str) -> Policy:
    """Read a policy.

    Raises
    ------
    ValueError
        It is none that is known. It is named.
    """
    if text not in get_args(Policy):
        raise ValueError(f"The policy {text!r} is none of {', '.join(get_args(Policy))}.")
    return cast("Policy", text)


@dataclass(frozen=True)
class PulseEvidence:
    """Whether the Primary's pulse stands still in the control table, and for how long.

    Still for 30 s, while strong reads work here, means that the Primary can acknowledge no write.
    `still` is False where that is not known.
    """

    still: bool = False
    seconds: float | None = None
    detail: str = "The pulse was not read."


def pulse_evidence(beat: int | None, kept: PulseStreak, now: datetime) -> PulseEvidence:
    """Judge a pulse that was just read strongly by what the sentinel has kept of it."""
    if beat is None:
        return PulseEvidence(detail="There is no pulse yet.")
    if beat != kept.beat or kept.still_since is None:
        return PulseEvidence(seconds=0.0, detail="The pulse moves.")
    seconds = round((now - datetime.fromisoformat(kept.still_since)).total_seconds(), 1)
    told = f"The pulse has stood still for {seconds:g} s; {STILL_SECONDS:g} s count."
    return PulseEvidence(seconds >= STILL_SECONDS, seconds, told)


def verdict(
    oks: Sequence[bool], beacon: Beacon, by: Policy, *, pulse_still: bool = False
) -> Verdict:
    """Judge the own probes, all of them, with the beacon or the pulse beside them.

    The probes look from the Secondary's Region, the beacon carries the word of checkers elsewhere.
    A partition between the Regions fails the probes and leaves the beacon healthy: users still
    reach the Primary, so that is unclear wherever the beacon is needed. An unanswered beacon is
    unknown, not unhealthy. A pulse that stands still stands in for the beacon: the Primary is cut
    off from the quorum, and can acknowledge no write, although users may reach it.

    Parameters
    ----------
    oks
        Whether each own probe succeeded.
    by
        `both`: an outage needs the probes and one of the other two. `any`: one is enough, so that
        a partition counts as an outage. `route53`: the beacon alone decides, the probes are only
        reported.

    Whatever the policy, `healthy` needs both witnesses, for it ends a hold, and no judgement of
    any kind is passed without a probe.
    """
    if not oks:
        return "unclear"
    failed, unhealthy = not any(oks), beacon == "unhealthy"
    outage = {
        "both": failed and (unhealthy or pulse_still),
        "any": failed or unhealthy,
        "route53": unhealthy,
    }
    if outage[by]:
        return "outage"
    return "healthy" if all(oks) and beacon == "healthy" else "unclear"


def beacon_may_follow(oks: Sequence[object], beacon: object, by: object) -> bool:
    """Say whether only the beacon is missing to an outage, as in the first seconds of each."""
    failed = bool(oks) and all(ok is False for ok in oks)
    return failed and beacon in ("healthy", "unknown") and by != "any"


def evidence(
    probes: Sequence[Probe],
    beacon: Beacon,
    checked_at: str,
    by: Policy,
    pulse: PulseEvidence,
) -> dict[str, Any]:
    """Return what the state machine keeps: the verdict, its policy, and what it rests on."""
    return {
        "verdict": verdict([p.ok for p in probes], beacon, by, pulse_still=pulse.still),
        "policy": by,
        "probes": [asdict(p) for p in probes],
        "beacon": beacon,
        "pulse": asdict(pulse),
        "checked_at": checked_at,
    }


def account(oks: Sequence[object], beacon: object, by: Policy, pulse: Mapping[str, Any]) -> str:
    """Return who saw what, and whether they disagree."""
    good = sum(ok is True for ok in oks)
    told = f"{good} of {len(oks)} own probes of the Primary succeeded, the beacon says {beacon}"
    if oks and not good and beacon == "healthy":
        told += "; the Secondary's Region does not reach the Primary, Route 53's checkers do"
    elif good and good == len(oks) and beacon == "unhealthy":
        told += "; the Secondary's Region reaches the Primary, Route 53's checkers do not"
    still = f" {pulse['detail']}" if pulse.get("still") is True else ""
    return f"{told} (policy {by}).{still}"
