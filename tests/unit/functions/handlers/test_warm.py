"""Warm: counts the environments that answered, and says when some did not."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import FakeLambda

MODULE: Any = load_handler("warm")
APP = "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-app:live"
SWITCH = "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-switch:live"


def warmed(monkeypatch: pytest.MonkeyPatch, functions: dict[str, Any]) -> dict[str, Any]:
    client = FakeLambda(functions)
    monkeypatch.setattr(MODULE, "client", lambda _service: client)
    monkeypatch.setenv("WARM_TARGETS", ",".join(functions))
    return MODULE.lambda_handler({}, context("warm"))


def separate() -> Any:
    numbers = itertools.count()
    return lambda _event: {"environment": str(next(numbers))}


def broken(_event: Any) -> Any:
    raise RuntimeError("no disk")


def test_every_function_is_forced_into_so_many_environments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = warmed(monkeypatch, {APP: separate(), SWITCH: separate()})
    assert found == {
        "ok": True,
        "targets": [
            {
                "function": f"pilot-light-{name}:live",
                "requested": 3,
                "environments": 3,
                "failed": 0,
            }
            for name in ("app", "switch")
        ],
    }


def test_an_environment_that_answered_twice_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = warmed(monkeypatch, {APP: lambda _event: {"environment": "the same"}})
    assert (found["ok"], found["targets"][0]["environments"]) == (True, 1)


def test_a_ping_that_failed_is_counted_and_the_others_too(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()

    def sometimes(_event: Any) -> Any:
        number = next(numbers)
        return broken(_event) if number == 0 else {"environment": str(number)}

    found = warmed(monkeypatch, {APP: sometimes})
    assert (found["ok"], found["targets"][0]["failed"]) == (False, 1)
    assert found["targets"][0]["environments"] == 2


def test_a_broken_function_does_not_spoil_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    found = warmed(monkeypatch, {APP: broken, SWITCH: separate()})
    assert found["ok"] is False
    assert [t["environments"] for t in found["targets"]] == [0, 3]


def test_the_pings_overlap_so_that_each_needs_an_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together = threading.Barrier(6, timeout=5)

    def waits(_event: Any) -> Any:
        return {"environment": str(together.wait())}

    found = warmed(monkeypatch, {APP: waits, SWITCH: waits})
    assert found["ok"] is True


def test_a_ping_asks_to_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def look(event: Any) -> Any:
        seen.append(event)
        return {"environment": "x"}

    warmed(monkeypatch, {APP: look})
    assert seen == [{"pilot_light": {"warm": {"hold_ms": MODULE.HOLD_MS}}}] * 3


@pytest.mark.parametrize("count", [1, 7])
def test_how_many_is_a_setting(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setenv("WARM_CONCURRENCY", str(count))
    assert warmed(monkeypatch, {APP: separate()})["targets"][0]["environments"] == count
