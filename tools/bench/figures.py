"""Percentiles, summaries, goals and phases. Pure."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.bench.samples import Sample

# The longest interval that an outage can fall into: the metric's minute, and an alias's TTL.
LONGEST_INTERVAL = 60.0
RTO_P50, RTO_P99, TO_PLAIN, SWITCH_P99, FENCE_P50 = 45.0, 75.0, 0.5, 3.0, 1.0
AFTER_THE_CLAIM = ("lease", "write")
OURS, PLAIN = "orchestrated", "plain"


@dataclass(frozen=True)
class Phases:
    """When, within the longest interval, an outage begins, and how old each user's cache is.

    `outage` in seconds at AWS's intervals; `caches` the share of the TTL that is left, by design.
    """

    outage: float
    caches: Mapping[str, tuple[float, ...]]


def phases(seed: int, outages: int, designs: Sequence[str], users: int) -> list[Phases]:
    """Draw the phases of every outage, the same ones for the same seed."""
    draw = random.Random(seed)
    return [
        Phases(
            round(draw.uniform(0.0, LONGEST_INTERVAL), 3),
            {d: tuple(round(draw.random(), 4) for _ in range(users)) for d in designs},
        )
        for _ in range(outages)
    ]


def percentile(values: Sequence[float | None], share: float) -> float | None:
    """Return the value at a rank, one that was seen (nearest rank).

    `None` stands for what never came, later than every value; the result is None where the rank
    falls there, or where there are no values.
    """
    if not values:
        return None
    ordered = sorted(math.inf if v is None else v for v in values)
    found = ordered[max(0, math.ceil(share * len(ordered)) - 1)]
    return None if math.isinf(found) else found


def spread(values: Sequence[float | None]) -> dict[str, float | None]:
    """Return p50, p99, the least and the most."""
    shares = {"p50": 0.5, "p99": 0.99, "min": 0.0, "max": 1.0}
    return {name: percentile(values, share) for name, share in shares.items()}


def ratio(part: float | None, whole: float | None) -> float | None:
    """Return a share, or None where either is missing."""
    return None if part is None or not whole else round(part / whole, 4)


@dataclass(frozen=True)
class StageFigures:
    """One stage over all samples that were served again, in the order of the recovery."""

    name: str
    modelled: bool
    mean: float
    p50: float
    p99: float


def by_stage(samples: Sequence[Sample]) -> list[StageFigures]:
    """Return each stage's figures. Their means add up to the mean of the totals."""
    served = [s for s in samples if s.total is not None]
    order = list(dict.fromkeys((p.name, p.modelled) for s in served for p in s.parts))
    found = []
    for name, modelled in order:
        each = [sum(p.seconds for p in s.parts if p.name == name) for s in served]
        p50, p99 = percentile(each, 0.5), percentile(each, 0.99)
        mean = round(sum(each) / len(each), 3)
        found.append(StageFigures(name, modelled, mean, p50 or 0.0, p99 or 0.0))
    return found


@dataclass(frozen=True)
class Goal:
    """One goal, and whether it was met. `held_back_by` names the longest stages where it was not.

    `seen` is None where there is no figure: that is a goal missed.
    """

    name: str
    limit: float
    unit: str
    seen: float | None
    held_back_by: tuple[str, ...] = ()

    @property
    def met(self) -> bool:
        """Whether the figure is within the limit."""
        return self.seen is not None and self.seen <= self.limit


def goals(
    samples: Mapping[str, Sequence[Sample]],
    to_switch: Sequence[float | None],
    fence_milliseconds: float | None,
) -> list[Goal]:
    """Judge the goals of the benchmark."""
    totals = {key: [s.total for s in of] for key, of in samples.items()}
    figures = by_stage(samples[OURS])
    mean = tuple(f"{f.name} {f.mean:.1f} s" for f in sorted(figures, key=lambda f: -f.mean)[:3])
    tail = tuple(f"{f.name} {f.p99:.1f} s" for f in sorted(figures, key=lambda f: -f.p99)[:3])
    ours, plain = totals[OURS], totals[PLAIN]
    p50 = percentile(ours, 0.5), percentile(plain, 0.5)
    p99 = percentile(ours, 0.99), percentile(plain, 0.99)
    before = [f for f in figures if f.name == "beacon" or not f.modelled]
    before = [f for f in before if f.name not in AFTER_THE_CLAIM]
    worst = sorted(before, key=lambda f: -f.p99)[:3]
    of_promotion = tuple(f"{f.name} {f.p99:.1f} s" for f in worst)
    found = [
        (Goal("rto_write_p50", RTO_P50, "s", p50[0]), mean),
        (Goal("rto_write_p99", RTO_P99, "s", p99[0]), tail),
        (Goal("p50_to_plain", TO_PLAIN, "ratio", ratio(*p50)), mean),
        (Goal("p99_to_plain", TO_PLAIN, "ratio", ratio(*p99)), tail),
        (Goal("start_to_switch_p99", SWITCH_P99, "s", percentile(to_switch, 0.99)), of_promotion),
        (Goal("fence_p50", FENCE_P50, "ms", fence_milliseconds), ()),
    ]
    return [
        goal if goal.met else Goal(goal.name, goal.limit, goal.unit, goal.seen, why)
        for goal, why in found
    ]
