"""Work is measured, waiting is assumed, and neither is the other."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pilotlight.journal import reader

from tools.growth.assumed import OWN_REGION, ROUND_TRIP
from tools.growth.engine import Region, Table
from tools.growth.waiting import Clock, client, side_by_side

KEY = {"pk": {"S": "a"}}


def busy(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_work_counts_and_what_is_put_aside_does_not() -> None:
    clock = Clock(0)
    busy(0.02)
    with clock.aside():
        busy(0.2)
    assert 0.02 <= clock.worked < 0.2


def test_a_function_with_half_a_vcpu_takes_twice_as_long() -> None:
    clock = Clock(0, 1769 / 2)
    busy(0.02)
    clock.waited = 5.0
    assert clock.seconds >= 5.0 + 2 * 0.02


def test_more_than_a_vcpu_helps_nobody() -> None:
    assert Clock(0, 10_240).share == 1.0


@pytest.mark.parametrize(("far", "seconds"), [(False, OWN_REGION), (True, OWN_REGION + ROUND_TRIP)])
def test_a_request_waits_as_long_as_is_assumed(far: bool, seconds: float) -> None:
    clock = Clock(0)
    asked: Any = client(Region({"t": Table("pk")}), clock, far=far)
    begun = time.monotonic()
    for _ in range(10):
        asked.get_item(TableName="t", Key=KEY)
    assert clock.waited == pytest.approx(10 * seconds)
    assert time.monotonic() - begun < 10 * seconds + 5


@pytest.mark.parametrize(("workers", "rounds"), [(1, 10), (4, 3), (16, 1)])
def test_threads_wait_side_by_side_as_many_as_there_are(workers: int, rounds: int) -> None:
    clock = Clock(0)

    def wait(_: int) -> None:
        clock.waited += 1.0

    with side_by_side(clock, "pilotlight.journal.reader"):
        for _ in range(2):
            with reader.ThreadPoolExecutor(workers) as pool:
                list(pool.map(wait, range(10)))
    assert clock.waited == 2 * rounds
    assert reader.ThreadPoolExecutor is ThreadPoolExecutor
