"""Route 53's health checkers as its documentation describes them."""

from __future__ import annotations

from typing import Any

import pytest

from lab.engine.dns.health_checks import Checker, HealthCheck, evaluate, new

HTTPS: dict[str, Any] = {"Type": "HTTPS"}
INVERTED = {"Type": "HTTPS", "Inverted": True}
NO_CHILDREN: dict[str, bool] = {}


def check(healthy: int, of: int) -> HealthCheck:
    return HealthCheck([Checker(healthy=i < healthy, next_at=0) for i in range(of)])


def verdict(config: dict[str, Any], healthy: int, of: int) -> bool:
    return evaluate(config, check(healthy, of), NO_CHILDREN.__getitem__)


def observe(checker: Checker, probes: str, threshold: int = 3) -> list[bool]:
    seen = []
    for probe in probes:
        checker.observe(good=probe == "+", threshold=threshold)
        seen.append(checker.healthy)
    return seen


def test_a_checker_turns_unhealthy_at_the_threshold_of_bad_probes_in_a_row() -> None:
    assert observe(Checker(healthy=True, next_at=0), "---") == [True, True, False]


def test_a_checker_turns_healthy_again_at_the_threshold_of_good_probes_in_a_row() -> None:
    assert observe(Checker(healthy=False, next_at=0), "+++") == [False, False, True]


def test_one_good_probe_starts_the_count_of_bad_ones_anew() -> None:
    assert observe(Checker(healthy=True, next_at=0), "--+--") == [True] * 5


def test_one_bad_probe_starts_the_count_of_good_ones_anew() -> None:
    assert observe(Checker(healthy=False, next_at=0), "++-++") == [False] * 5


def test_at_threshold_one_every_probe_decides() -> None:
    assert observe(Checker(healthy=True, next_at=0), "-+-", threshold=1) == [False, True, False]


@pytest.mark.parametrize(("healthy", "of", "expected"), [(2, 16, False), (3, 16, True)])
def test_more_than_18_percent_of_the_checkers_must_find_the_endpoint_healthy(
    healthy: int, of: int, expected: bool
) -> None:
    assert verdict(HTTPS, healthy, of) is expected


def test_exactly_18_percent_are_not_enough() -> None:
    assert verdict(HTTPS, 9, 50) is False
    assert verdict(HTTPS, 10, 50) is True


def test_an_inverted_check_says_the_contrary() -> None:
    assert verdict(INVERTED, 0, 16) is True
    assert verdict(INVERTED, 16, 16) is False


@pytest.mark.parametrize(
    ("children", "expected"),
    [("+++", True), ("++-", True), ("+-+", True), ("-++", True), ("+--", False), ("---", False)],
)
def test_a_calculated_check_of_2_in_3_needs_any_two_of_its_children(
    children: str, expected: bool
) -> None:
    config = {"Type": "CALCULATED", "ChildHealthChecks": ["0", "1", "2"], "HealthThreshold": 2}
    assert evaluate(config, HealthCheck(), lambda c: children[int(c)] == "+") is expected


def test_an_inverted_calculated_check_says_the_contrary() -> None:
    config = {"Type": "CALCULATED", "ChildHealthChecks": ["a"], "Inverted": True}
    assert evaluate(config, HealthCheck(), lambda _: True) is False


def test_a_calculated_check_of_threshold_zero_is_always_healthy() -> None:
    config = {"Type": "CALCULATED", "ChildHealthChecks": ["a"], "HealthThreshold": 0}
    assert evaluate(config, HealthCheck(), lambda _: False) is True


def test_a_new_check_is_healthy_until_its_checkers_know_better() -> None:
    made = new(HTTPS, now=0, interval=30)
    assert made.healthy
    assert evaluate(HTTPS, made, NO_CHILDREN.__getitem__) is True


def test_a_new_inverted_check_is_unhealthy_until_its_checkers_know_better() -> None:
    made = new(INVERTED, now=0, interval=30)
    assert not made.healthy
    assert evaluate(INVERTED, made, NO_CHILDREN.__getitem__) is False


def test_a_check_has_two_checkers_in_each_of_its_regions() -> None:
    made = new({"Type": "HTTPS", "Regions": ["eu-west-1", "sa-east-1", "us-west-1"]}, 0, 10)
    assert len(made.checkers) == 6


def test_a_check_without_regions_has_checkers_in_all_eight() -> None:
    assert len(new(HTTPS, 0, 30).checkers) == 16


def test_the_checkers_probe_one_after_the_other_within_the_interval() -> None:
    made = new(HTTPS, now=100, interval=32)
    assert [c.next_at for c in made.checkers] == [100 + 2 * i for i in range(16)]


def test_a_calculated_check_probes_nothing() -> None:
    assert new({"Type": "CALCULATED"}, 0, 30).checkers == []
