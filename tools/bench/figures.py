"""Percentiles, summaries, goals and phases. Pure."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.drill.report.stages import AFTER_THE_READ

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.engine.outages.losses import Style
    from tools.bench.samples import Sample

# The longest interval that an outage can fall into: an alias's TTL.
LONGEST_INTERVAL = 60.0
STYLES: tuple[Style, ...] = ("reset", "hang", "drop")
# p50 and p99 of reads, by design and style. Writes may take so much longer; there is a lease.
READS = {("standard", "reset"): (23.0, 29.0), ("standard", "drop"): (33.0, 39.0)}
READS |= {("fast", "reset"): (16.0, 23.0)}
MORE_FOR_WRITES, SWITCH_P99 = 3.0, 3.0
# Milliseconds that the fence may add to a median write.
FENCE_P50 = 1.0
# The CPU of a function's import, to that of bare clients of the same services.
COLD_RATIO = 1.2
OURS, RIVAL, PLAIN = "standard", "tuned", "plain"
# Each percentile, and by which figure a stage holds it back.
RANKS = (("p50", "mean"), ("p99", "p99"))
# Seconds for which some keep a name at least. A browser a minute:
# https://textslashplain.com/2022/03/31/chromiums-dns-cache/
# For how long resolvers do that extend TTLs is not known, five minutes are assumed:
# https://doi.org/10.1007/978-3-031-28486-1_23
KEPT = {"a browser, 60 s": 60.0, "a resolver that extends the TTL, 300 s (assumed)": 300.0}
# From a check's verdict to the name servers' answer, as users report it; AWS publishes no figure.
# Ours waits for two verdicts, that of the endpoint and that of the switch; a rival for one.
VERDICT_DELAYS = (1.0, 5.0, 60.0)


@dataclass(frozen=True)
class Phases:
    """How an outage is, when within the longest interval it begins, and how old caches are.

    Parameters
    ----------
    style
        Whether connections to what is lost are reset, hang, or are never made.
    ours
        The design of ours that is deployed.
    outage
        In seconds at AWS's intervals.
    caches
        The share of the TTL that is left in the cache of each user's resolver, by design.
    """

    style: Style
    ours: str
    outage: float
    caches: Mapping[str, tuple[float, ...]]


def phases(
    seed: int, outages: int, ours: Sequence[str], rivals: Sequence[str], users: int
) -> list[Phases]:
    """Draw so many outages of each style for each design of ours, the same for the same seed."""
    draw = random.Random(seed)
    return [
        Phases(
            style,
            one,
            round(draw.uniform(0.0, LONGEST_INTERVAL), 3),
            {d: tuple(round(draw.random(), 4) for _ in range(users)) for d in (one, *rivals)},
        )
        for _ in range(outages)
        for style in STYLES
        for one in ours
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


def goals(style: Style, samples: Mapping[str, Sequence[Sample]]) -> list[dict[str, Any]]:
    """Judge the goals for outages of one style."""
    judged = []
    for (design, of_style), limits in READS.items():
        if of_style == style:
            judged += _seconds(design, limits, samples[design])
    ours, rival = (spread([s.reads for s in samples[key]]) for key in (OURS, RIVAL))
    stages = by_stage(samples[OURS])
    return judged + [
        _goal(
            f"{OURS}_read_{rank}_to_{RIVAL}",
            1.0,
            "ratio",
            ratio(ours[rank], rival[rank]),
            _longest(stages, figure),
        )
        for rank, figure in RANKS
    ]


def _seconds(
    design: str, limits: tuple[float, float], samples: Sequence[Sample]
) -> list[dict[str, Any]]:
    """Judge the seconds of one design, of reads and of writes."""
    reads, writes = spread([s.reads for s in samples]), spread([s.total for s in samples])
    stages = by_stage(samples)
    return [
        _goal(f"{design}_{kind}_{rank}", limit + more, "s", seen[rank], _longest(stages, figure))
        for kind, seen, more in (("read", reads, 0.0), ("write", writes, MORE_FOR_WRITES))
        for (rank, figure), limit in zip(RANKS, limits, strict=True)
    ]


def switch_goal(
    to_switch: Sequence[float | None], samples: Sequence[Sample]
) -> list[dict[str, Any]]:
    """Judge the time from the start of the machine to its claim."""
    to_claim = [
        s
        for s in by_stage(samples)
        if (s["name"] == "beacon" or not s["modelled"]) and s["name"] not in AFTER_THE_READ
    ]
    seen = percentile(to_switch, 0.99)
    return [_goal("start_to_switch_p99", SWITCH_P99, "s", seen, _longest(to_claim, "p99"))]


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
