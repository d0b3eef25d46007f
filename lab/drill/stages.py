"""From the first failed request to the first good answer: what took how long.

Stages follow each other without gaps, so that their seconds add up to the RTO. Those that an
interval of AWS fills are modelled: the lab's speed has divided them, and they are at AWS's length
again here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.drill.observations import Observations


@dataclass(frozen=True)
class Stage:
    """One stage. `seconds` at AWS's intervals, `wall_seconds` as the lab's clock had it."""

    name: str
    seconds: float
    wall_seconds: float
    starts_at: float
    modelled: bool
    detail: str


@dataclass(frozen=True)
class Gap:
    """What users saw: the first failed request and the first good answer after it."""

    failed: float
    good: float | None


def gap(seen: Observations) -> Gap | None:
    """Return the gap in the service after the outage, or None where no request failed.

    The good answer is one to a request that began after the last failure before it: what was on its
    way when the Region was lost says nothing about the recovery.
    """
    ended = sorted(seen.requests, key=lambda r: (r.ended, r.good))
    failures = [r for r in ended if not r.good and r.ended >= seen.outage]
    if not failures:
        return None
    last, good = failures[0].ended, None
    for request in ended[ended.index(failures[0]) :]:
        if not request.good:
            last = request.ended
        elif request.started >= last and request.region:
            good = request.ended
            break
    return Gap(min(r.started for r in failures), good)


def stages(seen: Observations) -> list[Stage]:
    """Return the stages of the recovery; none where it did not happen.

    `beacon` and `hold` are there only where the recovery had to wait for them.
    """
    window, run = gap(seen), seen.recovery
    if window is None or window.good is None or run is None or seen.promoted_at is None:
        return []
    name = seen.app_name
    since = seen.outage
    promote, decide = run.last("Promote"), run.last("Decide")
    first, evidence = run.first("GatherEvidence"), run.last("GatherEvidence")
    detected: tuple[float | None, str]
    if seen.alarm == f"{name}-sentinel":
        detected = seen.first_failed_probe, "the sentinel's next probe fails"
        judged = "three of the metric's periods close, and CloudWatch judges them"
    else:
        unhealthy = seen.first(f"health check {name}-alarm", "unhealthy", since)
        detected = unhealthy, "Route 53's checkers reach their threshold of failed probes"
        judged = "the health check's metric closes its minute, and CloudWatch judges it"
    # The end of each stage, whether AWS's intervals fill it, and what happens in it.
    ends: list[tuple[str, float | None, bool, str]] = [
        ("detection", detected[0], True, detected[1]),
        ("alarm", seen.first(f"alarm {seen.alarm}", "ALARM", since), True, judged),
        ("event", run.started, False, "EventBridge carries the alarm to the Secondary's machine"),
        (
            "intake",
            first.entered if first else None,
            False,
            "intake, lock, announcement, and who is active",
        ),
        (
            "beacon",
            _beacon(seen, first.entered, decide.entered) if first and decide else None,
            True,
            "the own probes were first: Route 53's checkers reach their threshold",
        ),
        (
            "hold",
            evidence.entered if evidence else None,
            False,
            "a condition was not met: the machine waits, and judges again",
        ),
        (
            "evidence",
            decide.entered if decide else None,
            False,
            "confirm the outage, verify the readiness and warm the functions, side by side",
        ),
        ("decision", promote.entered if promote else None, False, "judge the evidence"),
        ("promotion", promote.exited if promote else None, False, "one conditional write"),
        *(
            [("switch", seen.switched_on, False, "the switch's held control item runs out")]
            if seen.switched_on
            else []
        ),
        (
            "dns",
            seen.dns_moved,
            True,
            "Route 53's checkers see the switch, and its answer moves",
        ),
        ("resolver", window.good, True, "the client's resolver lets its answer expire"),
    ]
    found: list[Stage] = []
    at = window.failed
    for what, end, modelled, detail in ends:
        if what == "hold" and first == evidence:
            continue
        if what == "beacon" and end is None:
            continue
        until = min(max(end if end is not None else at, at), window.good)
        wall = until - at
        seconds = wall * (seen.speed if modelled else 1.0)
        offset = at - seen.outage
        found.append(
            Stage(what, round(seconds, 3), round(wall, 3), round(offset, 3), modelled, detail)
        )
        at = until
    return found


def _beacon(seen: Observations, judging: float, decided: float) -> float | None:
    """Return when the beacon turned, if that was while the machine was judging already."""
    turned = seen.first(f"health check {seen.app_name}-endpoint", "unhealthy", seen.outage)
    return turned if turned is not None and judging < turned <= decided else None
