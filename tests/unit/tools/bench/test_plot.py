"""The geometry of the benchmark's plot."""

from __future__ import annotations

import pytest

from tests.unit.tools.bench.sample_bench import bench
from tools.bench.plot import LEFT, RIGHT, WIDTH, across, plot, steps, upwards


def test_the_axis_runs_from_edge_to_edge() -> None:
    assert across(0, 120) == LEFT
    assert across(120, 120) == WIDTH - RIGHT
    assert across(60, 120) == WIDTH / 2


def test_all_users_are_above_half_and_half_above_none() -> None:
    assert upwards(1) < upwards(0.5) < upwards(0)


def test_a_curve_steps_up_by_one_user_at_a_time() -> None:
    corners = steps([60.0, 30.0], 2, 120)
    assert corners == [
        (across(0, 120), upwards(0)),
        (across(30, 120), upwards(0)),
        (across(30, 120), upwards(0.5)),
        (across(60, 120), upwards(0.5)),
        (across(60, 120), upwards(1)),
        (across(120, 120), upwards(1)),
    ]


def test_a_curve_stays_below_the_top_for_users_who_were_not_served_again() -> None:
    assert steps([30.0], 2, 120)[-1] == (across(120, 120), upwards(0.5))


def test_without_a_served_user_the_curve_stays_at_the_bottom() -> None:
    assert steps([], 2, 120) == [(LEFT, upwards(0)), (WIDTH - RIGHT, upwards(0))]


def test_everything_stands_within_the_picture() -> None:
    found = plot(bench())
    longest = max(block.x + block.width for bar in found.bars for block in bar.blocks)
    assert longest <= WIDTH - RIGHT
    assert max(bar.y for bar in found.bars) < found.height
    assert all(LEFT <= x <= WIDTH - RIGHT for bar in found.bars for _, x in bar.marks)
    assert all(LEFT <= x <= WIDTH - RIGHT for _, x in found.limits)


def test_blocks_stand_end_to_end() -> None:
    for bar in plot(bench()).bars:
        first, second = bar.blocks
        assert first.x + first.width == pytest.approx(second.x, abs=0.02)


def test_the_goals_stand_on_the_axis_even_when_all_are_faster() -> None:
    quick = {k: [10.0, 12.0] for k in ("orchestrated", "immediate", "plain", "metric_switch")}
    found = plot(bench(**quick))
    assert all(x <= WIDTH - RIGHT for _, x in found.limits)
    assert len(found.limits) == 2


def test_a_design_whose_users_were_not_served_again_has_no_mark_for_it() -> None:
    found = plot(bench(orchestrated=[None, None]))
    assert found.bars[0].marks == ()
    assert found.bars[0].blocks == ()
