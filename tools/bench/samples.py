"""What each user lost, in seconds at AWS's intervals, stage by stage. Pure: moments in, sums out.

The lab's speed divides the intervals of AWS and nothing else. So a modelled stage counts its wall
seconds times the speed, a measured one as they are; the moments of a recovery that has both are
mapped by the stages of the deployed design.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.drill.report.stages import AFTER_THE_READ

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.drill.report.stages import Stage
    from tools.bench.designs import Design
    from tools.bench.users import UserLog


@dataclass(frozen=True)
class Part:
    """One stage of what a user waited for, in seconds at AWS's intervals."""

    name: str
    seconds: float
    modelled: bool


@dataclass(frozen=True)
class Sample:
    """What one user of one design lost in one outage. `None` where it was not served again.

    `total` counts until reads and writes were good, `reads` until reads were. `parts` add up to
    `total`.
    """

    design: str
    user: int
    total: float | None
    reads: float | None
    parts: tuple[Part, ...]

    @property
    def resolver(self) -> float | None:
        """What the user's own resolver added, after the name servers had moved."""
        return next((p.seconds for p in self.parts if p.name == "resolver"), None)


def at_aws(stages: Sequence[Stage], wall: float, speed: float) -> float:
    """Map a moment, in wall seconds since the outage, to seconds at AWS's intervals.

    Within a modelled stage the clock runs `speed` times faster, within a measured one as it is;
    before the first stage and after the last one it runs as in a modelled stage.
    """
    mapped, at = 0.0, 0.0
    for stage in stages:
        begun = max(at, min(wall, stage.starts_at))
        mapped += (begun - at) * speed
        ended = max(begun, min(wall, stage.starts_at + stage.wall_seconds))
        mapped += (ended - begun) * (speed if stage.modelled else 1.0)
        at = ended
    return mapped + max(0.0, wall - at) * speed


@dataclass(frozen=True)
class Recovery:
    """The deployed design's recovery from one outage, by which all moments are mapped.

    Moments of the wall clock: the outage, the start of the machine, and the claim.
    """

    outage: float
    speed: float
    stages: Sequence[Stage]
    began: float | None = None
    promoted: float | None = None

    def at_aws(self, moment: float) -> float:
        """Map a moment that this recovery caused to seconds at AWS's intervals."""
        return at_aws(self.stages, moment - self.outage, self.speed)


def orchestrated(log: UserLog, user: int, stages: Sequence[Stage]) -> Sample:
    """Return what a user of the deployed design lost: its stages as a drill reports them.

    Those before the lease lead to the first good read. The lease is the code's own seconds, which
    the lab's speed does not divide.
    """
    if not stages or log.served is None or log.written is None:
        return Sample("orchestrated", user, None, None, ())
    parts = [Part(s.name, s.seconds, s.modelled) for s in stages]
    reads = round(sum(p.seconds for p in parts if p.name not in AFTER_THE_READ), 3)
    total = round(sum(p.seconds for p in parts), 3)
    return Sample("orchestrated", user, total, reads, tuple(parts))


def beside(
    design: Design, log: UserLog, user: int, recovery: Recovery, moved: float | None
) -> Sample:
    """Return what a user of a design beside the deployed one lost.

    `moved` is when the design's health check turned; without it all of the wait is the resolver's.
    """
    if log.failed is None or log.served is None or (design.fenced and log.written is None):
        return Sample(design.key, user, None, None, ())
    began, promoted = recovery.began, recovery.promoted

    def modelled(moment: float) -> float:
        return max(0.0, moment - recovery.outage) * recovery.speed

    begun, served = modelled(log.failed), modelled(log.served)
    detected = begun if moved is None else min(max(modelled(moved), begun), served)
    parts = [
        Part("detection", round(detected - begun, 3), modelled=True),
        Part("resolver", round(served - detected, 3), modelled=True),
    ]
    written = served
    if design.fenced and log.written is not None and promoted is not None and began is not None:
        claim = recovery.at_aws(promoted)
        written = max(served, claim + max(0.0, log.written - max(promoted, log.served)))
        started = min(max(served, recovery.at_aws(began)), written)
        claimed = min(max(started, claim), written)
        parts += [
            Part("start", round(started - served, 3), modelled=True),
            Part("claim", round(claimed - started, 3), modelled=False),
            # What is left of the lease, where the name had moved before the claim.
            Part("lease", round(written - claimed, 3), modelled=False),
        ]
    total, reads = round(written - begun, 3), round(served - begun, 3)
    return Sample(design.key, user, total, reads, tuple(parts))
