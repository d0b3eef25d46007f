"""Is the Primary down? The verdict from own probes and from the beacon, by a policy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def verdict(oks: Sequence[bool], beacon: Beacon, by: Policy) -> Verdict:
    """Judge two witnesses: the own probes, all of them, and the beacon.

    The probes look from the Secondary's Region, the beacon carries the word of checkers elsewhere.
    A partition between the Regions fails the probes and leaves the beacon healthy: users still
    reach the Primary, so that is unclear wherever the beacon is needed. An unanswered beacon is
    unknown, not unhealthy.

    Parameters
    ----------
    oks
        Whether each own probe succeeded.
    by
        `both`: an outage needs both witnesses. `any`: one is enough, so that a partition counts as
        an outage. `route53`: the beacon alone decides, the probes are only told.

    Whatever the policy, `healthy` needs both witnesses, for it ends a hold, and no judgement of
    any kind is passed without a probe.
    """
    if not oks:
        return "unclear"
    seen = {"probes": not any(oks), "beacon": beacon == "unhealthy"}
    outage = {"both": all(seen.values()), "any": any(seen.values()), "route53": seen["beacon"]}
    if outage[by]:
        return "outage"
    return "healthy" if all(oks) and beacon == "healthy" else "unclear"


def beacon_may_follow(oks: Sequence[object], beacon: object, by: object) -> bool:
    """Say whether only the beacon is missing to an outage, as in the first seconds of each."""
    failed = bool(oks) and all(ok is False for ok in oks)
    return failed and beacon in ("healthy", "unknown") and by != "any"


def evidence(
    probes: Sequence[Probe], beacon: Beacon, checked_at: str, by: Policy
) -> dict[str, Any]:
    """Return what the state machine keeps: the verdict, its policy, and what it rests on."""
    return {
        "verdict": verdict([p.ok for p in probes], beacon, by),
        "policy": by,
        "probes": [asdict(p) for p in probes],
        "beacon": beacon,
        "checked_at": checked_at,
    }


def account(oks: Sequence[object], beacon: object, by: Policy) -> str:
    """Say who saw what, and whether they disagree."""
    good = sum(ok is True for ok in oks)
    told = f"{good} of {len(oks)} own probes of the Primary succeeded, the beacon says {beacon}"
    if oks and not good and beacon == "healthy":
        told += "; the Secondary's Region does not reach the Primary, Route 53's checkers do"
    elif good and good == len(oks) and beacon == "unhealthy":
        told += "; the Secondary's Region reaches the Primary, Route 53's checkers do not"
    return f"{told} (policy {by})."
