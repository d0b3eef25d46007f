"""Percentiles, phases and goals of the benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from tools.bench.figures import (
    LONGEST_INTERVAL,
    by_stage,
    goals,
    percentile,
    phases,
    ratio,
    spread,
    switch_goal,
)
from tools.bench.samples import Part, Sample

if TYPE_CHECKING:
    from lab.engine.outages.losses import Style

HUNDRED = [float(n) for n in range(1, 101)]


def sample(total: float | None, *parts: Part, design: str = "standard") -> Sample:
    return Sample(design, 0, total, total, parts)


def judged(ours: list[float | None], tuned: list[float | None], style: Style = "reset"):
    samples = {
        "standard": [sample(t, Part("detection", t or 0, modelled=True)) for t in ours],
        "fast": [sample(10.0, design="fast")],
        "tuned": [sample(t, design="tuned") for t in tuned],
    }
    return {g["name"]: g for g in goals(style, samples)}


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_the_value_at_its_rank(share: float, expected: float) -> None:
    assert percentile(HUNDRED[::-1], share) == expected


def test_of_few_samples_the_99th_percentile_is_the_worst() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_is_a_value_that_was_seen(values: list[float], share: float) -> None:
    assert percentile(values, share) in values


def test_what_never_came_is_later_than_everything() -> None:
    assert percentile([1.0, None, 2.0], 0.5) == 2.0
    assert percentile([1.0, None, 2.0], 0.99) is None


def test_without_samples_there_is_no_percentile() -> None:
    assert percentile([], 0.5) is None


def test_a_spread_has_the_ends_too() -> None:
    assert spread(HUNDRED) == {"p50": 50, "p99": 99, "min": 1, "max": 100}


@pytest.mark.parametrize(
    ("part", "whole", "expected"), [(1, 2, 0.5), (None, 2, None), (1, None, None), (1, 0, None)]
)
def test_a_ratio_needs_both_sides(part, whole, expected) -> None:
    assert ratio(part, whole) == expected


def test_the_same_seed_draws_the_same_phases_and_another_one_others() -> None:
    first, again, other = (phases(seed, 5, ["standard"], ["plain"], 3) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_phases_fill_the_longest_interval_evenly() -> None:
    drawn = phases(7, 400, ["standard", "fast"], ["plain"], 2)
    outages = [p.outage for p in drawn]
    shares = [s for p in drawn for each in p.caches.values() for s in each]
    assert 0 <= min(outages) < 1
    assert LONGEST_INTERVAL - 1 < max(outages) <= LONGEST_INTERVAL
    assert sum(outages) / len(outages) == pytest.approx(LONGEST_INTERVAL / 2, rel=0.05)
    assert sum(shares) / len(shares) == pytest.approx(0.5, rel=0.05)
    assert all(0 <= s <= 1 for s in shares)


def test_each_design_of_ours_meets_outages_of_each_style_beside_every_rival() -> None:
    drawn = phases(7, 1, ["standard", "fast"], ["tuned", "plain"], 3)
    assert [(p.style, p.ours) for p in drawn] == [
        (style, ours) for style in ("reset", "hang", "drop") for ours in ("standard", "fast")
    ]
    for each in drawn:
        assert {d: len(s) for d, s in each.caches.items()} == dict.fromkeys(
            (each.ours, "tuned", "plain"), 3
        )
        assert len({s for shares in each.caches.values() for s in shares}) == 9


def test_the_means_of_the_stages_add_up_to_the_mean_of_the_totals() -> None:
    figures = by_stage(
        [
            sample(12, Part("alarm", 10, modelled=True), Part("decision", 2, modelled=False)),
            sample(24, Part("alarm", 20, modelled=True), Part("decision", 4, modelled=False)),
            sample(None),
        ]
    )
    assert [(f["name"], f["modelled"], f["mean"], f["p99"]) for f in figures] == [
        ("alarm", True, 15, 20),
        ("decision", False, 3, 4),
    ]


def test_a_goal_is_met_up_to_its_limit() -> None:
    found = judged([23.0], [23.0])
    assert found["standard_read_p50"]["met"]
    assert found["standard_write_p50"]["limit"] == 26.0, "a lease more"
    assert found["standard_read_p50_to_tuned"]["met"]
    assert not judged([23.1], [23.0])["standard_read_p50"]["met"]
    assert not judged([23.1], [23.0])["standard_read_p50_to_tuned"]["met"]


def test_each_style_has_goals_of_its_own_and_all_are_held_against_the_rival() -> None:
    limits = {
        style: judged([20.0], [30.0], style).get("standard_read_p99", {}).get("limit")
        for style in ("reset", "hang", "drop")
    }
    assert limits == {"reset": 29.0, "hang": None, "drop": 39.0}
    assert "standard_read_p99_to_tuned" in judged([20.0], [30.0], "hang")


def test_a_missed_goal_names_the_stages_that_hold_it_back() -> None:
    assert judged([80.0], [90.0])["standard_write_p99"]["held_back_by"] == ["detection 80.0 s"]
    assert judged([20.0], [90.0])["standard_write_p99"]["held_back_by"] == []


def test_users_who_are_not_served_again_miss_the_goal() -> None:
    found = judged([20.0, None], [90.0, 90.0])
    assert (found["standard_read_p99"]["seen"], found["standard_read_p99"]["met"]) == (None, False)
    assert not found["standard_read_p99_to_tuned"]["met"]


def test_the_switch_has_a_goal_of_its_own() -> None:
    assert [switch_goal([seconds], [])[0]["met"] for seconds in (3.0, 3.01)] == [True, False]


def test_what_follows_the_claim_does_not_hold_it_back() -> None:
    parts = [Part(n, s, modelled=False) for n, s in (("evidence", 4), ("lease", 9), ("write", 8))]
    [found] = switch_goal([4.0], [sample(21, *parts)])
    assert found["held_back_by"] == ["evidence 4.0 s"]
