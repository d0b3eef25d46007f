"""What the RTO of the next failover would be: a forecast from a rehearsal, and no measurement.

A rehearsal's own seconds, AWS's documented intervals and assumed delays are added up for an outage
in which the Primary answers nothing, and for users whose resolver keeps to the TTL. The phases of
intervals are unknown, so each is a distribution on a grid: the same rehearsal has one forecast.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pilot_light_client.timestamps import AHEAD_SECONDS, try_parse

from pilotlight.conditions.evidence import section
from pilotlight.failover.confirmation import FOLLOW_SECONDS, READ_SECONDS, TIMEOUT
from pilotlight.failover.distribution import (
    Distribution,
    order_statistic,
    plus,
    triangle,
    uniform,
)
from pilotlight.hooks.hook import READY
from pilotlight.sentinel.observation import SETTLE_SECONDS, probe_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pilotlight.hooks.hook import Hook

# The template's endpoint check and the switch's /switch/on, and the TTL of the public name.
CHECK_SECONDS, TTL_SECONDS = 10.0, 5.0
# A checker waits so long for a connection, and asks again an interval after that. While at most
# this share of the checkers finds an endpoint healthy, Route 53 finds it unhealthy.
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
CONNECT_SECONDS, HEALTHY_SHARE = 4.0, 0.18
# Assumed: AWS publishes no number. In three Regions that is a request every 1.7 seconds.
CHECKERS_PER_REGION = 2
# The machine's LetTheBeaconFollow.
BEACON_WAIT_SECONDS = 1.0
# How long the fence keeps a negative answer.
FENCE_RETRY_SECONDS = 0.2
# Assumed, because AWS publishes no figures: the least, the likeliest and the most seconds from a
# check's verdict to the name servers' answers, and by which a probe run begins late. StartExecution
# and the announcement each count with the most that is assumed.
VERDICT_DELAY, LATE = (0.5, 1.0, 5.0), (0.0, 0.3, 1.5)
START_SECONDS, ANNOUNCE_SECONDS = 0.3, 0.3


@dataclass(frozen=True)
class Measured:
    """Seconds of a rehearsal: its start to the probes' answer, to the decision, to the claim."""

    intake: float
    decision: float
    claim: float


@dataclass(frozen=True)
class Intervals:
    """What a deployment's parameters add to a recovery.

    `lease_seconds` is 0 where the application asks no fence. `waits_seconds` is what only a real
    failover waits for: an approval, and hooks that a rehearsal does not call.
    """

    sentinel_seconds: int
    failures: int
    checkers: int
    lease_seconds: float
    waits_seconds: float = 0.0


def waits(approval: str, approval_seconds: float, hooks: Iterable[Hook]) -> float:
    """Return for how long only a real failover waits, at most: how long it will, nobody knows."""
    unrehearsed = (
        hook.timeout
        for hook in hooks
        if hook.phase in (READY, "before_claim")
        and "failover" in hook.modes
        and "rehearsal" not in hook.modes
    )
    return (0.0 if approval == "none" else approval_seconds) + sum(unrehearsed)


def of_rehearsal(
    timeline: Mapping[str, Any], evidence: Mapping[str, Any], intervals: Intervals
) -> dict[str, Any]:
    """Return the forecast as a record keeps it: percentiles and stages, or why it is unknown."""
    names = {
        "started_at": timeline.get("started_at"),
        "confirm.checked_at": section(evidence, "confirm").get("checked_at"),
        "decided_at": timeline.get("decided_at"),
        "rehearsed_at": timeline.get("rehearsed_at"),
    }
    times = {name: try_parse(value) for name, value in names.items()}
    missing = [name for name, at in times.items() if at is None]
    if missing:
        return {"unknown": f"the rehearsal has no valid {', '.join(missing)}"}
    spans = [(b - a).total_seconds() for a, b in pairwise(t for t in times.values() if t)]
    if min(spans) < -AHEAD_SECONDS:
        return {"unknown": "the rehearsal's times are not in order: a clock was off"}
    return forecast(Measured(*(round(max(s, 0.0), 3) for s in spans)), intervals)


def forecast(measured: Measured, intervals: Intervals) -> dict[str, Any]:
    """Return p50 and p99 of reads and writes, in seconds, and the stages they are made of."""
    probes, beacon, dns = _own_probes(intervals), _beacon(intervals), _dns(intervals)
    lease = intervals.lease_seconds
    # Serve is a write like the claim.
    served = lease + measured.claim + FENCE_RETRY_SECONDS if lease else 0.0
    fixed = measured.decision + ANNOUNCE_SECONDS + measured.claim + intervals.waits_seconds
    claimed = _confirmed(probes, beacon, measured).later(fixed)
    return {
        "reads": _points(plus(claimed, dns)),
        "writes": _points(plus(claimed, dns.at_least(served))),
        "stages": [
            _stage("own probes", "modelled", probes),
            _stage("Route 53's checkers", "modelled", beacon),
            _stage("start to evidence", "measured", measured.intake),
            _stage("evidence to decision", "measured", measured.decision),
            _stage("claim", "measured", measured.claim),
            _stage("approval and hooks", "configured", intervals.waits_seconds),
            _stage("switch, DNS and TTL", "modelled", dns),
            _stage("lease", "configured", served),
        ],
    }


def _own_probes(intervals: Intervals) -> Distribution:
    """Return when the sentinel starts the machine: for SETTLE_SECONDS every probe has failed."""
    phase, last = (
        uniform(float(seconds))
        for seconds in (intervals.sentinel_seconds, probe_seconds(intervals.sentinel_seconds))
    )
    return plus(phase, last, triangle(*LATE)).later(SETTLE_SECONDS + START_SECONDS)


def _beacon(intervals: Intervals) -> Distribution:
    """Return when the beacon turns: enough checkers have failed as often as they have to."""
    bad = intervals.checkers - int(HEALTHY_SHARE * intervals.checkers)
    phase = order_statistic(bad, intervals.checkers, CHECK_SECONDS)
    requests = intervals.failures * CONNECT_SECONDS + (intervals.failures - 1) * CHECK_SECONDS
    return plus(phase, triangle(*VERDICT_DELAY)).later(requests)


def _confirmed(probes: Distribution, beacon: Distribution, measured: Measured) -> Distribution:
    """Return when the outage is confirmed.

    A judgement probes for TIMEOUT, and then waits for the beacon for FOLLOW_SECONDS. If the beacon
    turns later, the machine decides to hold, waits, and judges again.
    """
    judgement = TIMEOUT + FOLLOW_SECONDS
    again = measured.decision + BEACON_WAIT_SECONDS + measured.intake
    found: dict[float, float] = {}
    for started, chance in probes.items():
        for turned, other in beacon.items():
            begun = started + measured.intake
            while turned > begun + judgement:
                begun += judgement + again
            end = max(begun + TIMEOUT, turned + READ_SECONDS)
            found[end] = found.get(end, 0.0) + chance * other
    return Distribution.of(found)


def _dns(intervals: Intervals) -> Distribution:
    """Return what follows the claim: the switch's checkers, Route 53's answer, a resolver's TTL."""
    good = int(HEALTHY_SHARE * intervals.checkers) + 1
    seen = order_statistic(good, intervals.checkers, CHECK_SECONDS)
    return plus(seen, triangle(*VERDICT_DELAY), uniform(TTL_SECONDS))


def _points(seconds: Distribution) -> dict[str, float]:
    return {
        name: round(seconds.percentile(share), 1) for name, share in (("p50", 0.5), ("p99", 0.99))
    }


def _stage(name: str, basis: str, seconds: Distribution | float) -> dict[str, Any]:
    """Return one stage, and whether it was measured, is configured, or is modelled."""
    if isinstance(seconds, Distribution):
        return {"name": name, "basis": basis, **_points(seconds)}
    return {"name": name, "basis": basis, "p50": round(seconds, 1), "p99": round(seconds, 1)}
