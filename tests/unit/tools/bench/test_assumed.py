"""What the lab leaves out is drawn on top of what was measured, the same each time."""

from __future__ import annotations

import random
from statistics import mean

import pytest

from tools.bench.assumed import DRAWS, Delay, with_delays


def test_a_delay_lies_between_its_least_and_its_most_for_as_often_as_it_comes() -> None:
    delay = Delay("a delay", "why", 1.0, 1.5, 3.0, ours=2)
    draw = random.Random(7)
    drawn = [delay.drawn(2, draw) for _ in range(1000)]
    assert 2.0 <= min(drawn) < max(drawn) <= 6.0
    assert mean(drawn) == pytest.approx(2 * (1.0 + 1.5 + 3.0) / 3, abs=0.1)
    assert delay.drawn(0, draw) == 0


def test_one_that_comes_for_some_is_drawn_for_some() -> None:
    delay = Delay("a delay", "why", 1.0, 1.0, 1.0, ours=1, chance=0.1)
    draw = random.Random(7)
    assert 50 < sum(delay.drawn(1, draw) for _ in range(1000)) < 150


def test_each_user_is_drawn_often_and_who_is_never_served_stays_so() -> None:
    found = with_delays([20.0, None], ours=True)
    assert len(found) == 2 * DRAWS
    assert found[DRAWS:] == [None] * DRAWS
    assert all(seconds is not None and seconds > 20 for seconds in found[:DRAWS])
    assert found == with_delays([20.0, None], ours=True)


def test_a_rival_waits_for_its_one_verdict_alone() -> None:
    ours, rival = (with_delays([20.0], ours=ours) for ours in (True, False))
    assert max(s for s in rival if s) <= 25.0
    assert mean(s for s in ours if s) > mean(s for s in rival if s) + 2.0
