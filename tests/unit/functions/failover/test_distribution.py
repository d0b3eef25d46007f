"""Distributions on a grid: chances add up, and phases have the percentiles that are known."""

from __future__ import annotations

import pytest
from pilotlight.failover.distribution import (
    STEP,
    Distribution,
    order_statistic,
    plus,
    triangle,
    uniform,
)

FIVE = Distribution(5.0, [1.0])


def mean(found: Distribution) -> float:
    return sum(seconds * chance for seconds, chance in found.items())


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (uniform(10.0), 5.0),
        (triangle(0.5, 1.0, 5.0), 6.5 / 3),
        (triangle(0.0, 0.3, 1.5), 0.6),
        (order_statistic(5, 6, 10.0), 50 / 7),
        (order_statistic(2, 6, 10.0), 20 / 7),
        (plus(uniform(10.0), FIVE), 10.0),
        (uniform(10.0).later(3.0), 8.0),
    ],
)
def test_chances_add_up_and_the_mean_is_the_known_one(found: Distribution, expected: float) -> None:
    assert sum(found.chances) == pytest.approx(1.0)
    assert mean(found) == pytest.approx(expected, abs=STEP / 4)


def test_a_percentile_is_the_fewest_seconds_that_are_exceeded_so_seldom() -> None:
    assert uniform(10.0).percentile(0.5) == 5.0
    assert uniform(10.0).percentile(0.99) == pytest.approx(9.9, abs=STEP)
    assert FIVE.percentile(0.99) == 5.0
    assert Distribution(0.0, [0.5, 0.5 - 1e-7]).percentile(1.0) == STEP, "floats fall short of 1"


@pytest.mark.parametrize(
    ("moment", "least", "p99"), [(-1.0, 0.0, 10.0), (7.0, 7.0, 10.0), (12.3, 12.3, 12.3)]
)
def test_the_later_of_both_is_never_before_the_fixed_moment(
    moment: float, least: float, p99: float
) -> None:
    found = uniform(10.0).at_least(moment)
    assert found.items()[0][0] == least
    assert found.percentile(0.99) == pytest.approx(p99, abs=STEP)
    assert sum(found.chances) == pytest.approx(1.0)


def test_seconds_between_two_points_of_the_grid_move_to_the_nearer_one() -> None:
    found = Distribution.of({1.1: 0.25, 1.2: 0.25, 1.4: 0.5})
    assert (found.start, found.chances) == (1.1, [0.5, 0.5])
