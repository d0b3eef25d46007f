"""The geometry of the page's charts: places in percent of the width, heights in pixels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Report = Mapping[str, Any]
SLOT = 0.5
MOST_TICKS = 7
PLOT_HEIGHT, LABEL_HEIGHT = 150, 18
NARROWEST_LABELLED_PLOT, CHARACTER_WIDTH = 600, 7.2


@dataclass(frozen=True)
class Tick:
    """A value on an axis, and where it stands in percent."""

    value: float
    x: float


@dataclass(frozen=True)
class Bar:
    """A stage on the axis of the recovery. `x` and `width` are percent of the whole."""

    starts: float
    ends: float
    x: float
    width: float
    stage: Report


@dataclass(frozen=True)
class Column:
    """A slot. `x` and `width` are percent; `parts` are (kind, y, height) in pixels of the plot."""

    x: float
    width: float
    parts: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Mark:
    """A moment that explains the columns. Labels on one `level` do not touch each other."""

    name: str
    at: float
    x: float
    level: int = 0
    leftward: bool = False


@dataclass(frozen=True)
class Chart:
    """What the client saw, drawn. `kinds` names the style of each Region's columns."""

    columns: tuple[Column, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    kinds: Mapping[str, str]
    peak: int
    without_service: tuple[float, float] | None

    @property
    def top(self) -> int:
        """Pixels above the plot, for the labels of the marks."""
        return LABEL_HEIGHT * (1 + max(m.level for m in self.marks)) + 6


def bars(stages: Sequence[Report]) -> tuple[Bar, ...]:
    """Lay the stages end to end, at AWS's intervals, on an axis that is as long as all of them."""
    total = sum(s["seconds"] for s in stages) or 1.0
    laid, at = [], 0.0
    for stage in stages:
        ends = at + stage["seconds"]
        laid.append(Bar(at, ends, _percent(at, total), _percent(stage["seconds"], total), stage))
        at = ends
    return tuple(laid)


def ticks(low: float, high: float) -> tuple[Tick, ...]:
    """Return round values between two ends, at most seven, with their places in percent."""
    span = high - low
    if span <= 0:
        return ()
    unit = 10.0 ** math.floor(math.log10(span / MOST_TICKS))
    step = next(unit * m for m in (1, 2, 5, 10, 20) if span / (unit * m) <= MOST_TICKS - 1)
    values = [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return tuple(Tick(round(v, 6), _percent(v - low, span)) for v in values)


def chart(report: Report) -> Chart | None:
    """Draw what the client saw. None where it saw nothing."""
    slots, pair = report["client"]["slots"], tuple(report["regions"].values())
    if not slots:
        return None
    moments = {m["name"]: m["at"] for m in report["milestones"]}
    low = min(0.0, *(s["at"] for s in slots))
    high = max(*(s["at"] + SLOT for s in slots), *moments.values())
    span = high - low
    others = sorted({region for slot in slots for region in slot["good"]} - set(pair))
    kinds = {region: f"region-{i}" for i, region in enumerate((*pair, *others))}
    peak = max(1, *(s["failed"] + sum(s["good"].values()) for s in slots))
    columns = tuple(
        Column(_percent(s["at"] - low, span), _percent(SLOT, span), _parts(s, kinds, peak))
        for s in slots
    )
    marks = placed([Mark(name, at, _percent(at - low, span)) for name, at in moments.items()])
    wall, gap = report["clock"]["rto_write_wall_seconds"], None
    if wall is not None and report["stages"]:
        gap = _percent(report["stages"][0]["starts_at"] - low, span), _percent(wall, span)
    return Chart(columns, marks, ticks(low, high), kinds, peak, gap)


def _parts(
    slot: Report, kinds: Mapping[str, str], peak: int
) -> tuple[tuple[str, float, float], ...]:
    counts = [(kind, slot["good"].get(region, 0)) for region, kind in kinds.items()]
    parts, below = [], 0
    for kind, count in (*counts, ("failed", slot["failed"])):
        below += count
        if count:
            y = PLOT_HEIGHT * (1 - below / peak)
            parts.append((kind, round(y, 2), round(PLOT_HEIGHT * count / peak, 2)))
    return tuple(parts)


def placed(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Put each mark below the earlier ones whose labels its own label, or its line, would cross."""
    earlier: list[tuple[float, float, Mark]] = []
    for mark in sorted(marks, key=lambda m: m.at):
        width = _percent((len(mark.name) + 3) * CHARACTER_WIDTH, NARROWEST_LABELLED_PLOT)
        leftward = mark.x + width > 100
        low, high = (mark.x - width, mark.x) if leftward else (mark.x, mark.x + width)
        level = max((m.level + 1 for a, b, m in earlier if low <= b and high >= a), default=0)
        earlier.append((low, high, replace(mark, level=level, leftward=leftward)))
    return tuple(mark for _, _, mark in earlier)


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 4)
