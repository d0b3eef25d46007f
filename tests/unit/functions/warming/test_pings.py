"""Pings: environments that Lambda gives to requests side by side, and the list of a user."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pilotlight.recoveries.schema import WARM_TARGETS
from pilotlight.warming.pings import NoEnvironment, environment, listed, wave
from pilotlight.warming.waves import warmed

from tests.unit.functions.fakes import RECOVERIES, FakeDynamoDB, FakeLambda, aws_error

APP = "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-app:live"


class Environments:
    """Lambda's rule: a request gets an environment that is idle, or else a new one."""

    def __init__(self) -> None:
        self._lock, self._idle = threading.Lock(), list[str]()
        self._ids = itertools.count()

    def __call__(self, event: Any) -> Any:
        with self._lock:
            number = next(self._ids)
            found = self._idle.pop() if self._idle else f"environment {number}"
        time.sleep(event["pilot_light"]["warm"]["hold_ms"] / 1000)
        with self._lock:
            self._idle.append(found)
        return {"environment": found}


def test_pings_that_are_held_side_by_side_prove_separate_environments() -> None:
    client = FakeLambda({APP: Environments()})
    with ThreadPoolExecutor(5) as pool:
        found = wave(pool, client, APP, 5, 150)
    assert len(set(found.environments)) == 5
    assert found.errors == ()


def test_pings_that_are_not_held_meet_the_same_environment_and_a_longer_hold_mends_it() -> None:
    """One ping after the other, as when a connection is slow: only the hold makes them overlap."""
    client = FakeLambda({APP: Environments()})
    gate = threading.Semaphore(1)

    class Slow:
        def invoke(self, **given: Any) -> Any:
            with gate:
                time.sleep(0.02)
            return client.invoke(**given)

    with ThreadPoolExecutor(4) as pool:
        found = warmed(APP, 4, lambda hold: wave(pool, Slow(), APP, 4, hold // 4), lambda: True)
    assert found.environments == 4
    assert found.waves == 2, "the first hold was too short for four pings 20 ms apart"


def test_a_ping_that_failed_is_an_error_and_not_an_environment() -> None:
    numbers = itertools.count()

    def sometimes(_event: Any) -> Any:
        if (number := next(numbers)) == 0:
            raise RuntimeError("no disk")
        return {"environment": str(number)}

    with ThreadPoolExecutor(1) as pool:
        found = wave(pool, FakeLambda({APP: sometimes}), APP, 3, 0)
    assert found.environments == ("1", "2")
    assert found.errors == ("InvocationFailed: RuntimeError: no disk",)


@pytest.mark.parametrize("answer", [None, {}, {"statusCode": 200}, {"environment": ""}, "x", [1]])
def test_a_function_that_does_not_know_pings_proves_nothing(answer: Any) -> None:
    with pytest.raises(NoEnvironment, match="does not answer warm pings"):
        environment(FakeLambda({APP: lambda _event: answer}), APP, 0)


def test_a_ping_asks_to_be_held() -> None:
    client = FakeLambda({APP: lambda _event: {"environment": "x"}})
    environment(client, APP, 150)
    assert client.payloads == [{"pilot_light": {"warm": {"hold_ms": 150}}}]


def test_the_list_is_a_set_in_the_recoveries_table(fake: FakeDynamoDB) -> None:
    assert listed(fake, RECOVERIES) == []
    fake.put_item(RECOVERIES, {"pk": {"S": WARM_TARGETS}, "targets": {"SS": ["b:live", "a:live"]}})
    assert listed(fake, RECOVERIES) == ["a:live", "b:live"]
    fake.put_item(RECOVERIES, {"pk": {"S": WARM_TARGETS}})
    assert listed(fake, RECOVERIES) == []


def test_a_list_that_cannot_be_read_is_an_error(fake: FakeDynamoDB) -> None:
    fake.failing["get_item"] = aws_error("AccessDeniedException")
    with pytest.raises(Exception, match="AccessDenied"):
        listed(fake, RECOVERIES)
