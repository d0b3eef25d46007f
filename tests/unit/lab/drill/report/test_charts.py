"""The geometry of the page: bars, columns, marks."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lab.drill.report import charts

from .test_page import PASSING, changed


def test_the_bars_lie_end_to_end_and_fill_the_axis():
    bars = charts.bars(PASSING["stages"])
    assert bars[0].x == 0
    for before, after in pairwise(bars):
        assert after.x == pytest.approx(before.x + before.width, abs=1e-3)
        assert after.starts == before.ends
    assert sum(b.width for b in bars) == pytest.approx(100, abs=1e-2)
    assert bars[-1].ends == pytest.approx(PASSING["rto_write_seconds"])


def test_stages_that_took_no_time_at_all_have_no_width():
    stage = {**PASSING["stages"][0], "seconds": 0}
    assert [(b.x, b.width) for b in charts.bars([stage, stage])] == [(0, 0), (0, 0)]


@pytest.mark.parametrize(
    ("low", "high", "values"),
    [
        (0, 66.76, [0, 20, 40, 60]),
        (0, 60, [0, 10, 20, 30, 40, 50, 60]),
        (-5, 40, [0, 10, 20, 30, 40]),
        (0, 0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        (0, 0, []),
    ],
)
def test_the_ticks_of_an_axis_are_round_and_few(low, high, values):
    assert [t.value for t in charts.ticks(low, high)] == values


def test_the_columns_stack_what_the_client_saw():
    chart = charts.chart(PASSING)
    assert chart
    assert len(chart.columns) == len(PASSING["client"]["slots"])
    assert chart.peak == 5
    for column, slot in zip(chart.columns, PASSING["client"]["slots"], strict=True):
        total = slot["failed"] + sum(slot["good"].values())
        assert sum(h for _, _, h in column.parts) == pytest.approx(
            charts.PLOT_HEIGHT * total / 5, abs=0.05
        )
        assert 0 <= column.x < column.x + column.width <= 100.001
    mixed = next(c for c in chart.columns if len(c.parts) == 2)
    assert [kind for kind, _, _ in mixed.parts] == ["region-1", "failed"]


def test_a_region_outside_the_pair_has_a_style_of_its_own():
    client = {**PASSING["client"], "slots": [{"at": 0, "failed": 0, "good": {"eu-west-1": 1}}]}
    chart = charts.chart(changed(PASSING, client=client))
    assert chart
    assert chart.kinds["eu-west-1"] == "region-2"


def test_labels_of_near_moments_stand_below_each_other():
    near = [
        charts.Mark("promoted", 1, 20),
        charts.Mark("DNS moved", 2, 22),
        charts.Mark("healed", 9, 99),
    ]
    placed = charts.placed(near)
    assert [m.level for m in placed] == [0, 1, 0]
    assert [m.leftward for m in placed] == [False, False, True]


def test_each_milestone_is_marked():
    chart = charts.chart(PASSING)
    assert chart
    assert {m.name: m.at for m in chart.marks} == {
        m["name"]: m["at"] for m in PASSING["milestones"]
    }
