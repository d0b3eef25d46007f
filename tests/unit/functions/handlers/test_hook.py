"""The function hook: which function it calls, and with what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import FakeLambda

HOOK: Any = load_handler("hook", HOOKS="shop-ready:live,shop-pause:live modes=drill,,")
EVENT = {
    "execution": "arn:run",
    "phase": "before_claim",
    "mode": "drill",
    "reason": "test",
    "target": "us-west-2",
}


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the application's function was called with."""
    events: list[Any] = []
    client = FakeLambda({"shop-pause:live": events.append})
    monkeypatch.setattr(HOOK, "client_of", lambda _seconds: client)
    return events


def hook(**changes: str) -> dict[str, Any]:
    return HOOK.lambda_handler({**EVENT, **changes}, context("hook"))


def test_a_hook_gets_phase_mode_execution_reason_and_regions(called: list[Any]) -> None:
    assert hook()["ok"] is True
    assert called == [
        {
            "phase": "before_claim",
            "mode": "drill",
            "execution": "arn:run",
            "reason": "test",
            "regions": {"from": "us-east-2", "to": "us-west-2"},
        }
    ]


@pytest.mark.parametrize("changes", [{"phase": "after_claim"}, {"mode": "failover"}])
def test_a_phase_without_a_hook_in_this_mode_calls_nothing(
    called: list[Any], changes: dict[str, str]
) -> None:
    assert hook(**changes) == {"called": False, "ok": True}
    assert called == []


def test_a_check_tries_the_hook_in_every_mode_and_calls_nothing(
    called: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    monkeypatch.setattr(HOOK, "try_permission", lambda _, hook: tried.append(hook.function))
    hook(mode="check")
    assert (tried, called) == (["shop-pause:live"], [])
    assert hook(mode="check", phase="after_claim") == {"called": False, "ok": True}
