"""The geometry of the benchmark's plot, in pixels: shares of users served again, and stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.drill.report.charts import Tick, ticks

WIDTH, LEFT, RIGHT = 960, 16, 16
CURVES_TOP, CURVES_HEIGHT, LEGEND_Y = 92, 220, 62
BARS_TOP, BAR_HEIGHT, BAR_STEP = CURVES_TOP + CURVES_HEIGHT + 78, 20, 50
SHORTEST_AXIS, CHARACTER = 90.0, 6.6
Report = Mapping[str, Any]


@dataclass(frozen=True)
class Curve:
    """The share of a design's users that were served again, and its place in the legend."""

    kind: str
    title: str
    points: str
    legend_x: float


@dataclass(frozen=True)
class Block:
    """The mean of one stage. `label` is empty where it would not fit."""

    x: float
    width: float
    name: str
    seconds: float
    modelled: bool
    label: str


@dataclass(frozen=True)
class Bar:
    """A design's stages, with its p50 and p99 as ticks."""

    kind: str
    title: str
    y: float
    blocks: tuple[Block, ...]
    marks: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Plot:
    """All that is drawn."""

    height: int
    axis: tuple[tuple[float, float], ...]
    limits: tuple[tuple[str, float], ...]
    curves: tuple[Curve, ...]
    bars: tuple[Bar, ...]


def across(seconds: float, longest: float) -> float:
    """Return where seconds stand on the axis."""
    return round(LEFT + (WIDTH - LEFT - RIGHT) * seconds / longest, 2)


def upwards(share: float) -> float:
    """Return where a share of users stands."""
    return round(CURVES_TOP + CURVES_HEIGHT * (1 - share), 2)


def steps(seconds: Sequence[float], samples: int, longest: float) -> list[tuple[float, float]]:
    """Return the corners of a share that grows by a step with each user who is served again.

    Users who never are keep it below the top.
    """
    found = [(across(0, longest), upwards(0))]
    for served, at in enumerate(sorted(seconds), start=1):
        x = across(at, longest)
        found += [(x, found[-1][1]), (x, upwards(served / samples))]
    return [*found, (across(longest, longest), found[-1][1])]


def plot(report: Report) -> Plot:
    """Lay out the plot of a report that bench.schema.json describes."""
    designs = report["designs"]
    seen = [s for d in designs for s in d["seconds"]]
    longest = max([SHORTEST_AXIS, *seen]) * 1.04
    axis: Sequence[Tick] = ticks(0, longest)
    limits = [
        (f"goal {g['name'].removeprefix('rto_write_')}", across(g["limit"], longest))
        for g in report["goals"]
        if g["name"].startswith("rto_")
    ]
    return Plot(
        height=BARS_TOP + BAR_STEP * len(designs) + 34,
        axis=tuple((t.value, across(t.value, longest)) for t in axis),
        limits=tuple(limits),
        curves=tuple(_curve(d, i, longest) for i, d in enumerate(designs)),
        bars=tuple(_bar(d, i, longest) for i, d in enumerate(designs)),
    )


def _curve(design: Report, place: int, longest: float) -> Curve:
    corners = steps(design["seconds"], max(1, design["samples"]), longest)
    points = " ".join(f"{x:g},{y:g}" for x, y in corners)
    legend_x = LEFT + place * (WIDTH - LEFT - RIGHT) / 4
    return Curve(f"design-{place}", design["title"], points, legend_x)


def _bar(design: Report, place: int, longest: float) -> Bar:
    blocks, at = [], 0.0
    for stage in design["stages"]:
        x, until = across(at, longest), across(at + stage["mean"], longest)
        wide = until - x > len(stage["name"]) * CHARACTER + 8
        blocks.append(
            Block(
                x,
                round(until - x, 2),
                stage["name"],
                stage["mean"],
                stage["modelled"],
                stage["name"] if wide else "",
            )
        )
        at += stage["mean"]
    figures = design["rto_write_seconds"]
    marks = tuple(
        (p, across(figures[p], longest)) for p in ("p50", "p99") if figures[p] is not None
    )
    return Bar(
        f"design-{place}", design["title"], BARS_TOP + BAR_STEP * place, tuple(blocks), marks
    )
