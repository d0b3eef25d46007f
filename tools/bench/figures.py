"""Percentiles, summaries, goals and phases. Pure."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.drill.report.stages import AFTER_THE_READ

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tools.bench.samples import Sample

# The longest interval that an outage can fall into: an alias's TTL.
LONGEST_INTERVAL = 60.0
RTO_P50, RTO_P99, TO_PLAIN, SWITCH_P99 = 45.0, 75.0, 0.5, 3.0
# Milliseconds that the fence may add to a median write.
FENCE_P50 = 1.0
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
    value = ordered[max(0, math.ceil(share * len(ordered)) - 1)]
    return None if math.isinf(value) else value


def spread(values: Sequence[float | None]) -> dict[str, float | None]:
    """Return p50, p99, the least and the most."""
    shares = {"p50": 0.5, "p99": 0.99, "min": 0.0, "max": 1.0}
    return {name: percentile(values, share) for name, share in shares.items()}


def ratio(part: float | None, whole: float | None) -> float | None:
    """Return a share, or None where either is missing."""
    return None if part is None or not whole else round(part / whole, 4)


def by_stage(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Return each stage's figures over all users who were served again, in order.

    The means add up to the mean of the totals.
    """
    served = [s for s in samples if s.total is not None]
    order = dict.fromkeys((p.name, p.modelled) for s in served for p in s.parts)
    stages = []
    for name, modelled in order:
        each = [sum(p.seconds for p in s.parts if p.name == name) for s in served]
        ranks = {"p50": percentile(each, 0.5), "p99": percentile(each, 0.99)}
        mean = round(sum(each) / len(each), 3)
        stages.append({"name": name, "modelled": modelled, "mean": mean, **ranks})
    return stages


def goals(
    samples: Mapping[str, Sequence[Sample]], to_switch: Sequence[float | None]
) -> list[dict[str, Any]]:
    """Judge the goals of the benchmark."""
    ours, plain = (spread([s.total for s in samples[key]]) for key in (OURS, PLAIN))
    stages = by_stage(samples[OURS])
    to_claim = [
        s
        for s in stages
        if (s["name"] == "beacon" or not s["modelled"]) and s["name"] not in AFTER_THE_READ
    ]
    mean, tail = _longest(stages, "mean"), _longest(stages, "p99")
    switch = percentile(to_switch, 0.99)
    return [
        _goal("rto_write_p50", RTO_P50, "s", ours["p50"], mean),
        _goal("rto_write_p99", RTO_P99, "s", ours["p99"], tail),
        _goal("p50_to_plain", TO_PLAIN, "ratio", ratio(ours["p50"], plain["p50"]), mean),
        _goal("p99_to_plain", TO_PLAIN, "ratio", ratio(ours["p99"], plain["p99"]), tail),
        _goal("start_to_switch_p99", SWITCH_P99, "s", switch, _longest(to_claim, "p99")),
    ]


def _longest(stages: Sequence[Mapping[str, Any]], figure: str) -> list[str]:
    """Return the three longest stages, with their seconds."""
    longest = sorted(stages, key=lambda s: -s[figure])[:3]
    return [f"{s['name']} {s[figure]:.1f} s" for s in longest]


def _goal(
    name: str, limit: float, unit: str, figure: float | None, stages: list[str]
) -> dict[str, Any]:
    """Judge one goal. It is missed without a figure; `held_back_by` names the reason."""
    met = figure is not None and figure <= limit
    why = [] if met else stages
    return {
        "name": name,
        "limit": limit,
        "unit": unit,
        "seen": figure,
        "met": met,
        "held_back_by": why,
    }
