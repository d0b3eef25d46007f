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

    from lab.bench.users import Seen
    from lab.drill.report.stages import Stage


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
    failed_later: int = 0

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


def laid(ends: Sequence[tuple[str, float | None]], begun: float, good: float) -> list[Part]:
    """Lay modelled stages end to end between two moments at AWS's intervals.

    A stage without an end, or one that ended before the one before it, took no time.
    """
    found, at = [], begun
    for name, end in ends:
        until = min(max(end if end is not None else at, at), good)
        found.append(Part(name, round(until - at, 3), modelled=True))
        at = until
    return found


def orchestrated(seen: Seen, user: int, stages: Sequence[Stage]) -> Sample:
    """Return what a user of the deployed design lost: its stages as a drill reports them.

    Those before the lease lead to the first good read. The lease is the code's own seconds, which
    the lab's speed does not divide.
    """
    if not stages or seen.served is None or seen.written is None:
        return Sample("orchestrated", user, None, None, (), seen.failed_later)
    parts = [Part(s.name, s.seconds, s.modelled) for s in stages]
    reads = round(sum(p.seconds for p in parts if p.name not in AFTER_THE_READ), 3)
    total = round(sum(p.seconds for p in parts), 3)
    return Sample("orchestrated", user, total, reads, tuple(parts), seen.failed_later)


def observed(
    design: str,
    seen: Seen,
    user: int,
    *,
    outage: float,
    speed: float,
    ends: Sequence[tuple[str, float | None]],
    stages: Sequence[Stage] = (),
    began: float | None = None,
    by_hand: bool = False,
    promoted: float | None = None,
    fenced: bool = False,
) -> Sample:
    """Return what a user of a design beside the deployed one lost.

    Parameters
    ----------
    outage
        The moment of the outage on the wall clock, as all other moments are.
    ends
        The stages before the resolver's, and when each ended.
    stages
        The deployed design's stages, which tell how much of a moment that it caused is modelled.
    began, by_hand
        When the deployed design's machine was started, and whether a person then moved this design:
        what follows is modelled again.
    promoted, fenced
        When the claim was made, and whether this design's writes wait for it.
    """
    if seen.failed is None or seen.served is None or (fenced and seen.written is None):
        return Sample(design, user, None, None, (), seen.failed_later)
    acted = began if by_hand and began is not None else outage

    def mapped(moment: float) -> float:
        caused = at_aws(stages, min(moment, acted) - outage, speed)
        return caused + max(0.0, moment - acted) * speed

    begun, served = mapped(seen.failed), mapped(seen.served)
    at = [(name, None if end is None else mapped(end)) for name, end in ends]
    parts = laid([*at, ("resolver", served)], begun, served)
    written = served
    if fenced and seen.written is not None and promoted is not None and began is not None:
        late = max(0.0, seen.written - max(promoted, seen.served))
        written = max(served, at_aws(stages, promoted - outage, speed) + late)
        start = min(max(served, at_aws(stages, began - outage, speed)), written)
        parts.append(Part("start", round(start - served, 3), modelled=True))
        claimed = min(max(start, at_aws(stages, promoted - outage, speed)), written)
        parts.append(Part("claim", round(claimed - start, 3), modelled=False))
        # What is left of the lease, where the name had moved before the claim.
        parts.append(Part("lease", round(written - claimed, 3), modelled=False))
    total, reads = round(written - begun, 3), round(served - begun, 3)
    return Sample(design, user, total, reads, tuple(parts), seen.failed_later)
