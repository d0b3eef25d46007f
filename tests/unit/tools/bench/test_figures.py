"""Percentiles, phases and goals of the benchmark."""

from __future__ import annotations

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
)
from tools.bench.samples import Part, Sample

HUNDRED = [float(n) for n in range(1, 101)]


def sample(total: float | None, *parts: Part, design: str = "orchestrated") -> Sample:
    return Sample(design, 0, total, total, parts)


def judged(ours: list[float | None], plain: list[float | None], switch: float = 2):
    samples = {
        "orchestrated": [sample(t, Part("detection", t or 0, modelled=True)) for t in ours],
        "plain": [sample(t, design="plain") for t in plain],
    }
    return {g["name"]: g for g in goals(samples, [switch])}


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
    first, again, other = (phases(seed, 5, ["plain"], 3) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_phases_fill_the_longest_interval_evenly() -> None:
    drawn = phases(7, 2000, ["plain", "immediate"], 2)
    outages = [p.outage for p in drawn]
    shares = [s for p in drawn for each in p.caches.values() for s in each]
    assert 0 <= min(outages) < 1
    assert LONGEST_INTERVAL - 1 < max(outages) <= LONGEST_INTERVAL
    assert sum(outages) / len(outages) == pytest.approx(LONGEST_INTERVAL / 2, rel=0.05)
    assert sum(shares) / len(shares) == pytest.approx(0.5, rel=0.05)
    assert all(0 <= s <= 1 for s in shares)


def test_each_user_of_each_design_has_a_phase_of_its_own() -> None:
    [drawn] = phases(7, 1, ["plain", "immediate"], 3)
    assert {d: len(s) for d, s in drawn.caches.items()} == {"plain": 3, "immediate": 3}
    assert len({s for each in drawn.caches.values() for s in each}) == 6


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
    found = judged([45.0], [90.0])
    assert found["rto_write_p50"]["met"]
    assert found["p50_to_plain"]["met"]
    assert not judged([45.1], [90.0])["rto_write_p50"]["met"]


def test_a_missed_goal_names_the_stages_that_hold_it_back() -> None:
    assert judged([80.0], [90.0])["rto_write_p99"]["held_back_by"] == ["detection 80.0 s"]
    assert judged([40.0], [90.0])["rto_write_p99"]["held_back_by"] == []


def test_users_who_are_not_served_again_miss_the_goal() -> None:
    found = judged([40.0, None], [90.0, 90.0])
    assert (found["rto_write_p99"]["seen"], found["rto_write_p99"]["met"]) == (None, False)
    assert not found["p99_to_plain"]["met"]


def test_the_switch_has_a_goal_of_its_own() -> None:
    assert not judged([40.0], [90.0], switch=3.01)["start_to_switch_p99"]["met"]
    assert judged([40.0], [90.0], switch=3.0)["start_to_switch_p99"]["met"]


def test_what_follows_the_claim_does_not_hold_it_back() -> None:
    parts = [Part(n, s, modelled=False) for n, s in (("evidence", 4), ("lease", 9), ("write", 8))]
    samples = {"orchestrated": [sample(21, *parts)], "plain": [sample(90, design="plain")]}
    found = {g["name"]: g for g in goals(samples, [4.0])}
    assert found["start_to_switch_p99"]["held_back_by"] == ["evidence 4.0 s"]
