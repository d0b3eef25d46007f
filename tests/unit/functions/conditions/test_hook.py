"""The condition of the hook ready: required only if it is declared so, and never met by nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pilotlight.conditions.hook import hook_ready
from pilotlight.hooks.hook import Hook

if TYPE_CHECKING:
    from pilotlight.conditions.condition import Condition

REQUIRED = Hook("ready", "shop:live", modes=("failover",), required=True)
OPTIONAL = Hook("ready", "shop:live", modes=("failover",))
GOOD = {"called": True, "ok": True, "answer": '{"ready": true}', "seconds": 0.2}


def judged(hook: Hook, result: dict[str, Any], **more: bool) -> Condition:
    (found,) = hook_ready(hook, "failover", result, **more)
    return found


def test_there_is_no_condition_without_a_hook_or_in_another_mode() -> None:
    assert hook_ready(None, "failover", GOOD) == []
    assert hook_ready(REQUIRED, "drill", {}) == []


@pytest.mark.parametrize("hook", [REQUIRED, OPTIONAL], ids=["required", "optional"])
def test_a_hook_that_is_ready_is_met(hook: Hook) -> None:
    found = judged(hook, GOOD)
    assert (found.met, found.required) == (True, hook.required)


@pytest.mark.parametrize("hook", [REQUIRED, OPTIONAL], ids=["required", "optional"])
def test_a_hook_that_fails_is_unmet_and_was_observed(hook: Hook) -> None:
    found = judged(hook, {"called": True, "ok": False, "error": "no answer within 5 s"})
    assert (found.met, found.required, found.observed) == (False, hook.required, True)
    assert found.detail == "shop:live: no answer within 5 s."


@pytest.mark.parametrize(
    "result",
    [{}, {"called": False, "ok": True}, {"ok": True}, {"error": {"Error": "x"}}, {"called": 1}],
)
def test_a_hook_that_was_not_called_is_unmet_and_nobody_knows(result: dict[str, Any]) -> None:
    found = judged(REQUIRED, result)
    assert (found.met, found.required, found.observed) == (False, True, False)


@pytest.mark.parametrize("ok", [None, 1, "true", [True]])
def test_only_true_is_met(ok: Any) -> None:
    assert judged(REQUIRED, {"called": True, "ok": ok}).met is False


def test_a_person_may_go_on_without_it() -> None:
    found = judged(REQUIRED, {}, overridden=True)
    assert (found.met, found.required) == (False, False)
