"""A hook as a parameter has it: what is read from it, and in which modes it is called."""

from __future__ import annotations

from typing import Any

import pytest
from pilotlight.hooks.hook import MODES, PHASES, Hook, is_ok, modes_of, read_hooks


def test_a_function_alone_is_called_in_every_mode_of_its_phase_for_five_seconds() -> None:
    assert Hook.parse("ready", "shop:live") == Hook("ready", "shop:live", 5, MODES, required=False)
    assert Hook.parse("before_failback", "shop:live").modes == ("failback",)


def test_every_option_is_read() -> None:
    hook = Hook.parse("ready", "shop:live timeout=10 modes=drill+failover required")
    assert hook == Hook("ready", "shop:live", 10, ("failover", "drill"), required=True)


@pytest.mark.parametrize("phase", [p for p in PHASES if p != "ready"])
def test_only_ready_may_veto(phase: str) -> None:
    assert Hook.parse(phase, "shop:live required").required is False


@pytest.mark.parametrize(
    "text",
    ["shop", "shop:live timeout=0", "shop:live timeout=11", "shop:live modes=outage", "a:b:c"],
)
def test_anything_else_is_no_hook_and_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Hook.parse("ready", text)


def test_the_hooks_of_a_deployment_are_by_phase_and_an_empty_one_is_none() -> None:
    hooks = read_hooks("a:live required,,c:live modes=drill,")
    assert list(hooks) == ["ready", "after_claim"]
    assert modes_of(hooks) == {"ready": list(MODES), "after_claim": ["drill"]}
    assert read_hooks(",,,") == {}


@pytest.mark.parametrize(
    ("answer", "ok"),
    [
        ({"ready": True}, True),
        ({"ready": True, "why": "all is well"}, True),
        *((answer, False) for answer in ({"ready": "true"}, {"ready": 1}, {}, None, True, "ready")),
    ],
)
def test_only_ready_asks_for_an_answer_and_takes_no_other(answer: Any, ok: bool) -> None:
    assert is_ok(Hook("ready", "shop:live"), answer) is ok
    assert is_ok(Hook("before_claim", "shop:live"), answer) is True
