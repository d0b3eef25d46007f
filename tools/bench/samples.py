"""What each user lost, in seconds at AWS's intervals, stage by stage. Pure: moments in, sums out.

The lab's speed divides the intervals of AWS and nothing else. So a modelled stage counts its wall
seconds times the speed, and a measured one as they are.
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


def deployed(design: Design, log: UserLog, user: int, stages: Sequence[Stage]) -> Sample:
    """Return what a user of the deployed design lost: its stages as a drill reports them.

    Those before the lease lead to the first good read. The lease is the code's own seconds, which
    the lab's speed does not divide.
    """
    if not stages or log.served is None or log.written is None:
        return Sample(design.key, user, None, None, ())
    parts = [Part(s.name, s.seconds, s.modelled) for s in stages]
    reads = round(sum(p.seconds for p in parts if p.name not in AFTER_THE_READ), 3)
    total = round(sum(p.seconds for p in parts), 3)
    return Sample(design.key, user, total, reads, tuple(parts))


def beside(
    design: Design, log: UserLog, user: int, outage: float, speed: float, moved: float | None
) -> Sample:
    """Return what a user of a design beside the deployed one lost: nothing but intervals of AWS.

    `moved` is when the design's health check turned; without it all of the wait is the resolver's.
    """
    if log.failed is None or log.served is None:
        return Sample(design.key, user, None, None, ())

    def at_aws(moment: float) -> float:
        return max(0.0, moment - outage) * speed

    begun, served = at_aws(log.failed), at_aws(log.served)
    detected = begun if moved is None else min(max(at_aws(moved), begun), served)
    parts = (
        Part("detection", round(detected - begun, 3), modelled=True),
        Part("resolver", round(served - detected, 3), modelled=True),
    )
    total = round(served - begun, 3)
    return Sample(design.key, user, total, total, parts)
