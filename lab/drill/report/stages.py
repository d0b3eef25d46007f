"""From the first failed request to the first good read and write: what took how long.

Stages follow each other without gaps: their seconds add up to the RTO of writes, and those up to
`resolver` to that of reads. Those that an interval of AWS fills are modelled: the lab's speed has
divided them, and they are at AWS's length again here. The lease is real seconds, and passes while
DNS moves: at AWS's intervals what is left of it afterwards is less than here, or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.drill.observations import SENTINEL

if TYPE_CHECKING:
    from lab.drill.observations import Observations
    from lab.drill.take_over.checks import TakeOver


AFTER_THE_READ = ("lease", "write")


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
    """What users saw: the first failed request, and when reads and writes were good again.

    Parameters
    ----------
    read, write
        The first good answer of the kind; `failed` where none of the kind failed, and None where
        none came.
    moved
        The first good read from the Secondary, where reads went on in the Primary until then.
    """

    failed: float
    read: float | None
    write: float | None
    moved: float | None = None

    @property
    def arrived(self) -> float | None:
        """When users were served by the Secondary."""
        return self.moved if self.read == self.failed else self.read


def wall_seconds(window: Gap | None) -> dict[str, float | None]:
    """Return the RTO of reads and that of writes on the lab's clock, as reports name them."""
    ends = {"read": window.read, "write": window.write} if window else {}
    return {
        f"rto_{kind}_wall_seconds": None
        if window is None or (at := ends[kind]) is None
        else round(at - window.failed, 3)
        for kind in ("read", "write")
    }


def gap(drill: Observations | TakeOver) -> Gap | None:
    """Return the gap in the service after the outage, or None where no request failed."""
    failed = [r.started for r in drill.requests if not r.good and r.ended >= drill.outage]
    if not failed:
        return None
    first = min(failed)
    moved = (
        r.ended
        for r in sorted(drill.requests, key=lambda r: r.ended)
        if r.good and r.kind == "read" and r.region == drill.secondary and r.ended >= first
    )
    return Gap(first, _good(drill, "read", first), _good(drill, "write", first), next(moved, None))


def _good(drill: Observations | TakeOver, kind: str, first: float) -> float | None:
    """Return when requests of a kind were good again.

    The good answer is one to a request that began after the last failure before it: what was on its
    way when the Region was lost shows nothing about the recovery.
    """
    of_kind = [r for r in drill.requests if r.kind == kind]
    ended = sorted(of_kind, key=lambda r: (r.ended, r.good))
    failures = [r for r in ended if not r.good and r.ended >= drill.outage]
    if not failures:
        return first
    last = failures[0].ended
    for request in ended[ended.index(failures[0]) :]:
        if not request.good:
            last = request.ended
        elif request.started >= last and request.region:
            return request.ended
    return None


def rto(drill: Observations) -> tuple[float | None, float | None]:
    """Return the RTO of reads and that of writes, in seconds at AWS's intervals."""
    window, parts = gap(drill), stages(drill)
    if window is None or not parts:
        return None, None
    write = round(sum(s.seconds for s in parts), 3) if window.write is not None else None
    if window.read == window.failed:
        return 0.0, write
    read = sum(s.seconds for s in parts if s.name not in AFTER_THE_READ)
    return round(read, 3) if window.read is not None else None, write


def stages(drill: Observations, window: Gap | None = None) -> list[Stage]:
    """Return the stages of the recovery; none where it did not happen.

    `good probes`, `beacon` and `hold` are there only where the recovery had to wait for them.

    Parameters
    ----------
    window
        What one user saw; by default what the requests of the drill show.
    """
    window, run = window or gap(drill), drill.recovery
    arrived = window.arrived if window else None
    if window is None or arrived is None or run is None or drill.promoted_at is None:
        return []
    name = drill.app_name
    since = drill.outage
    claim, decide = run.last("Claim"), run.last("Decide")
    first, evidence = run.first("GatherEvidence"), run.last("GatherEvidence")
    decided = decide.entered if decide else None
    # The end of each stage, whether AWS's intervals fill it, and what happens in it.
    ends: list[tuple[str, float | None, bool, str]]
    if drill.started_by == SENTINEL:
        still = "the application still reports to the sentinel that it is healthy"
        probes = "the sentinel probes four times more, a second apart, and starts the machine"
        ends = [
            ("good probes", drill.last_good_probe, False, still),
            ("detection", drill.first_failed_probe, True, "the sentinel's next probe fails"),
            ("probes", run.started, False, probes),
        ]
    else:
        unhealthy = drill.first(f"health check {name}-alarm", "unhealthy", since)
        alarm = drill.first(f"alarm {drill.started_by}", "ALARM", since)
        metric = "the health check's metric closes its minute, and CloudWatch judges it"
        event = "EventBridge carries the alarm to the Secondary's machine"
        ends = [
            ("detection", unhealthy, True, "Route 53's checkers reach their threshold"),
            ("alarm", alarm, True, metric),
            ("event", run.started, False, event),
        ]
    hold = "a condition was not met: the machine waits, and decides again"
    gather = "confirm the outage, verify the readiness and warm the functions, side by side"
    dns = "Route 53's checkers see the switch, and its answer moves"
    ends += [
        ("intake", first.entered if first else None, False, "intake, lock, and who is active"),
        ("beacon", decided, True, ""),
        ("hold", evidence.entered if evidence else None, False, hold),
        ("evidence", decided, False, gather),
        ("decision", claim.entered if claim else None, False, "judge the evidence"),
        ("claim", claim.exited if claim else None, False, "one conditional write, by a quorum"),
        ("dns", drill.dns_moved, True, dns),
        ("resolver", arrived, True, "the client's resolver lets its answer expire"),
    ]
    before: list[Stage] = []
    at = window.failed
    for what, end, modelled, detail in ends:
        if what == "hold" and first == evidence:
            continue
        if what == "good probes" and (end is None or end <= at):
            continue
        if what == "beacon":
            until = min(end, arrived) if end is not None else None
            waited = _beacon(drill, window.failed, before, at, until)
            before += [waited] if waited else []
            at += waited.wall_seconds if waited else 0.0
            continue
        until = min(max(end if end is not None else at, at), arrived)
        wall = until - at
        seconds = wall * (drill.speed if modelled else 1.0)
        before.append(_stage(what, seconds, wall, at - drill.outage, detail, modelled=modelled))
        at = until
    return [*before, *_until_written(drill, window, before, at)]


def _until_written(drill: Observations, window: Gap, before: list[Stage], at: float) -> list[Stage]:
    """Return the stages from the first good read to the first good write, in real seconds."""
    served, claimed = drill.served_at, drill.promoted_at
    if window.write is None or served is None or claimed is None:
        return []
    moving = sum(s.seconds for s in before if s.name in ("dns", "resolver"))
    left, waited = max(0.0, served - claimed - moving), max(0.0, served - at)
    since = max(at, served)
    more = max(0.0, window.write - since)
    lease = "what is left of the lease and of the write that lets the Secondary serve"
    write = "until a user's next write"
    return [
        _stage("lease", left, waited, at - drill.outage, lease),
        _stage("write", more, more, since - drill.outage, write),
    ]


def _stage(
    name: str, seconds: float, wall: float, starts_at: float, detail: str, *, modelled: bool = False
) -> Stage:
    return Stage(name, round(seconds, 3), round(wall, 3), round(starts_at, 3), modelled, detail)


def _beacon(
    drill: Observations, failed: float, before: list[Stage], at: float, decided: float | None
) -> Stage | None:
    """Return for how long the machine would have waited for the beacon at AWS's intervals.

    Here the checkers reach their threshold so much faster than AWS's, while the machine and the
    sentinel's own probes are as fast: what they do meanwhile takes no part of that wait away.
    """
    turned = drill.first(f"health check {drill.app_name}-endpoint", "unhealthy", drill.outage)
    if turned is None or decided is None or turned > max(decided, at):
        return None
    # Assumed: as long as the sentinel's probes are good, the checkers' requests are too.
    good = sum(s.wall_seconds for s in before if s.name == "good probes")
    good = good if turned > failed + good else 0.0
    seconds = good + (turned - failed - good) * drill.speed - sum(s.seconds for s in before)
    wall = max(0.0, min(turned, decided) - at)
    if seconds <= 0.0:
        return None
    detail = "the own probes were first: Route 53's checkers reach their threshold"
    return _stage("beacon", seconds, wall, at - drill.outage, detail, modelled=True)
