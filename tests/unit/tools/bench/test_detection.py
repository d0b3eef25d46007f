"""What errors alone do, and which outages promote, by the model of the checkers."""

from __future__ import annotations

import random

import pytest
from pilotlight.failover import confirmation
from pilotlight.sentinel import observation

from tools.bench import detection, tables


def test_the_model_has_the_numbers_of_the_code() -> None:
    settle, every = observation.SETTLE_SECONDS, observation.PROBE_EVERY_SECONDS
    assert settle == detection.SETTLE_SECONDS
    assert 1 + settle / every == detection.OWN_PROBES
    assert confirmation.PROBES == detection.PROBES
    assert confirmation.FOLLOW_SECONDS == detection.FOLLOW_SECONDS


@pytest.mark.parametrize(("rate", "failures"), [(0.2, 1), (0.3, 2), (0.4, 3)])
def test_a_checkers_share_and_turns_are_those_of_a_checker_that_is_run(
    rate: float, failures: int
) -> None:
    draw, healthy, run, unhealthy, turns = random.Random(3), True, 0, 0, 0
    asked = 200_000
    for _ in range(asked):
        against = (draw.random() < rate) == healthy
        run = run + 1 if against else 0
        if run >= failures:
            healthy, run = not healthy, 0
            turns += not healthy
        unhealthy += not healthy
    share, of_requests = detection.checker(rate, failures)
    assert share == pytest.approx(unhealthy / asked, rel=0.05)
    assert of_requests == pytest.approx(turns / asked, rel=0.05)


def test_errors_move_the_users_of_a_plain_failover_far_more_often_than_they_promote() -> None:
    for rate in detection.ERROR_RATES:
        for failures in (1, 2):
            moves = detection.false_moves(rate, failures)
            assert detection.false_promotions(rate, failures) < moves / 1_000
    assert detection.false_promotions(0.2, 2) < detection.false_promotions(0.2, 1)


def test_the_longer_an_outage_lasts_the_likelier_it_promotes() -> None:
    for failures in (1, 2):
        shares = [
            detection.share(detection.promoted, seconds, failures)
            for seconds in detection.DURATIONS
        ]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (pytest.approx(0, abs=0.1), 1)


def test_what_is_over_before_the_checkers_threshold_promotes_nothing() -> None:
    assert detection.share(detection.promoted, 10.0, 2) == 0
    assert detection.share(detection.promoted, 4.5, 1) == 0


def test_the_tables_name_every_rate_and_every_length() -> None:
    assert [row[0] for row in tables.false_promotions().rows] == ["1%", "5%", "20%"]
    assert len(tables.outages_that_promote().rows) == len(detection.DURATIONS)
