"""Distributions of seconds on a grid: sums and percentiles of phases, without random numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from math import comb
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STEP = 0.25


@dataclass(frozen=True)
class Distribution:
    """Chances of `start`, of STEP seconds more, and so on. They add up to 1."""

    start: float
    chances: list[float]

    @classmethod
    def of(cls, chances: Mapping[float, float]) -> Distribution:
        """Return the distribution of these seconds, each moved to the nearest point of the grid."""
        start = min(chances)
        found = [0.0] * (round((max(chances) - start) / STEP) + 1)
        for seconds, chance in chances.items():
            found[round((seconds - start) / STEP)] += chance
        return cls(start, found)

    def items(self) -> list[tuple[float, float]]:
        """Return each number of seconds that may be, with its chance."""
        return [(self.start + i * STEP, c) for i, c in enumerate(self.chances) if c]

    def later(self, seconds: float) -> Distribution:
        """Return the distribution so many seconds later."""
        return replace(self, start=self.start + seconds)

    def at_least(self, seconds: float) -> Distribution:
        """Return the distribution of the later one of this and a fixed moment."""
        point = round((seconds - self.start) / STEP)
        if point <= 0:
            return self
        if point >= len(self.chances):
            return Distribution(seconds, [1.0])
        before = sum(self.chances[: point + 1])
        return Distribution(self.start + point * STEP, [before, *self.chances[point + 1 :]])

    def percentile(self, share: float) -> float:
        """Return the fewest seconds that are not exceeded with this chance."""
        whole = 0.0
        for seconds, chance in self.items():
            whole += chance
            # Sums of floats fall short of 1.
            if whole >= share - 1e-9:
                return seconds
        return self.start + (len(self.chances) - 1) * STEP


def plus(*parts: Distribution) -> Distribution:
    """Return the distribution of the sum of parts that do not depend on each other."""
    return reduce(_sum, parts)


def uniform(most: float) -> Distribution:
    """Return the phase of an interval: any moment of it, with equal chances."""
    return order_statistic(1, 1, most)


def triangle(least: float, likely: float, most: float) -> Distribution:
    """Return a delay by its least, likeliest and most seconds."""

    def up_to(seconds: float) -> float:
        if seconds <= least or seconds >= most:
            return float(seconds >= most)
        if seconds < likely:
            return (seconds - least) ** 2 / ((most - least) * (likely - least))
        return 1.0 - (most - seconds) ** 2 / ((most - least) * (most - likely))

    return _on_grid(up_to, most)


def order_statistic(which: int, count: int, most: float) -> Distribution:
    """Return when so many of all phases of the same interval are over."""

    def up_to(seconds: float) -> float:
        share = min(max(seconds / most, 0.0), 1.0)
        return sum(
            comb(count, n) * share**n * (1.0 - share) ** (count - n)
            for n in range(which, count + 1)
        )

    return _on_grid(up_to, most)


def _on_grid(up_to: Callable[[float], float], most: float) -> Distribution:
    """Return a distribution by the chance of at most so many seconds: a point has its cell's."""
    points = round(most / STEP) + 1
    reached = [0.0, *(up_to((i + 0.5) * STEP) for i in range(points - 1)), 1.0]
    return Distribution(0.0, [b - a for a, b in pairwise(reached)])


def _sum(one: Distribution, other: Distribution) -> Distribution:
    found = [0.0] * (len(one.chances) + len(other.chances) - 1)
    for i, chance in enumerate(one.chances):
        if chance:
            for j, another in enumerate(other.chances):
                found[i + j] += chance * another
    return Distribution(one.start + other.start, found)
