"""Hooks: what is deployed for them, and what a parameter may be."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from pilotlight.hooks.hook import PHASES, Hook, read_hooks

from tests.template.definitions import FAILOVER, SWITCHOVER, Definition
from tests.template.stacks import HOOKS, Stack, config, hooked, shop, source
from tools.reader.contract import HOOKS as PARAMETERS
from tools.reader.parameters import faults

OF_HOOKS = {"HookFunction", "HookFunctionAliaslive", "HookRole"}
MACHINES = pytest.mark.parametrize("definition", [FAILOVER, SWITCHOVER], ids=lambda d: d.name)


def substitutions(found: Stack, definition: Definition) -> dict[str, Any]:
    properties = found.resources[definition.resource]["Properties"]
    values: dict[str, Any] = properties["DefinitionSubstitutions"]
    return values


def test_without_a_hook_no_function_and_no_role_is_deployed_for_them() -> None:
    with_hooks, without = hooked("secondary").resources, shop("secondary").resources
    assert set(without) - set(with_hooks) == set()
    more = {n for n in set(with_hooks) - set(without) if "Version" not in n}
    assert more == OF_HOOKS
    assert set(hooked("primary").resources) == set(shop("primary").resources)


@pytest.mark.parametrize("name", HOOKS)
def test_one_hook_is_enough(name: str) -> None:
    region, parameters = config("secondary")
    found = Stack(source(), region, {**parameters, name: HOOKS[name]})
    assert set(found.resources) >= OF_HOOKS


@MACHINES
def test_a_machine_without_hooks_may_call_none(definition: Definition) -> None:
    assert substitutions(shop("secondary"), definition)["HookFunction"] == "none"
    assert "HookFunction" not in str(shop("secondary").resources[definition.role])
    assert "HookFunction" in substitutions(hooked("secondary"), definition)["HookFunction"]


def test_whoever_asks_for_hooks_gets_all_in_the_order_of_the_phases() -> None:
    assert list(PARAMETERS) == list(PHASES)
    functions = hooked("secondary").of_type("AWS::Lambda::Function")
    told = {
        name: f["Environment"]["Variables"]["HOOKS"]
        for name, f in functions.items()
        if "HOOKS" in f["Environment"]["Variables"]
    }
    assert told == dict.fromkeys(
        ("IntakeFunction", "DecideFunction", "HookFunction", "ScheduledReadinessFunction"),
        ",".join(HOOKS.values()),
    )
    assert list(read_hooks(told["HookFunction"])) == list(PHASES)


def test_the_function_outlasts_the_longest_hook_and_the_machine_outlasts_the_function() -> None:
    function = hooked("secondary").properties("HookFunction")
    longest = 10 + 1
    assert longest < function["Timeout"]
    tasks = [
        task
        for machine in (FAILOVER, SWITCHOVER)
        for name, task in machine.tasks.items()
        if task["Arguments"].get("FunctionName") == "${HookFunction}"
    ]
    assert len(tasks) == 7
    assert all(function["Timeout"] < task["TimeoutSeconds"] for task in tasks)


# --- parameters -----------------------------------------------------------------------------------
@pytest.mark.parametrize(("phase", "name"), PARAMETERS.items())
def test_what_a_parameter_accepts_is_read_without_an_error(phase: str, name: str) -> None:
    """Otherwise Intake would fail in a recovery."""
    pattern = source()["Parameters"][name]["AllowedPattern"]

    @settings(max_examples=200, deadline=None)
    @given(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    def read(text: str) -> None:
        if text:
            assert Hook.parse(phase, text).function == text.split(" ")[0]

    read()


REFUSED = [
    ("ReadyHook", "shop-ready"),
    ("ReadyHook", "shop-ready:live timeout=11"),
    ("ReadyHook", "shop-ready:live required timeout=3"),
    ("BeforeClaimHook", "shop-pause:live required"),
    ("AfterClaimHook", "shop-resume:live modes=failover,drill"),
    ("BeforeFailbackHook", "shop-prepare:live modes=failback"),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_parameter_refuses_what_its_phase_has_not(name: str, value: str) -> None:
    region, parameters = config("secondary")
    (fault,) = faults(source(), region, {**parameters, name: value})
    assert fault.startswith(f'{name} is "{value}"; it must')


@pytest.mark.parametrize(("name", "value"), HOOKS.items())
def test_a_parameter_accepts_what_the_contract_file_makes(name: str, value: str) -> None:
    region, parameters = config("secondary")
    assert faults(source(), region, {**parameters, name: value}) == []
