"""Hooks of the contract file, as parameters that the template accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pilotlight.hooks.hook import PHASES, Hook

from tools.reader import contract
from tools.reader.parameters import faults
from tools.reader.samconfig import ConfigError
from tools.reader.template import config, source

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 'level = 0\nnames = "shop-*"\nstack = "shop"\n[api]\nid = "ApiId"\n'


def read(folder: Path, text: str) -> contract.Contract:
    (folder / contract.FILE).write_text(HEAD + text)
    return contract.read(folder)


def test_each_phase_has_its_parameter_in_the_order_of_the_product() -> None:
    assert list(contract.HOOKS) == list(PHASES)
    parameters = list(source()["Parameters"])
    places = [parameters.index(name) for name in contract.HOOKS.values()]
    assert places == sorted(places)


def test_hooks_become_parameters_that_the_template_accepts_and_the_product_reads(
    tmp_path: Path,
) -> None:
    text = """
    [hooks.ready]
    function = "shop-ready:live"
    required = true
    timeout = 3
    modes = ["failover", "drill"]
    [hooks.before_failback]
    function = "shop-prepare:live"
    """
    given = read(tmp_path, text).parameters("abc123")
    assert {name: given[name] for name in contract.HOOKS.values()} == {
        "ReadyHook": "shop-ready:live timeout=3 modes=failover+drill required",
        "BeforeClaimHook": "",
        "AfterClaimHook": "",
        "BeforeFailbackHook": "shop-prepare:live",
    }
    region, parameters = config("secondary")
    assert faults(source(), region, {**parameters, **given}) == []
    hook = Hook.parse("ready", given["ReadyHook"])
    assert hook == Hook("ready", "shop-ready:live", 3, ("failover", "drill"), required=True)


@pytest.mark.parametrize(
    ("phase", "option", "fault"),
    [
        ("before_claim", "required = true", "hooks.before_claim.required: only ready may veto"),
        ("before_failback", 'modes = ["failback"]', "hooks.before_failback.modes"),
        ("ready", "timeout = 11", "hooks.ready.timeout"),
        ("ready", 'modes = ["outage"]', "hooks.ready.modes"),
    ],
)
def test_an_option_that_a_phase_has_not_is_refused_by_name(
    tmp_path: Path, phase: str, option: str, fault: str
) -> None:
    with pytest.raises(ConfigError, match=fault):
        read(tmp_path, f'[hooks.{phase}]\nfunction = "shop-x:live"\n{option}\n')


def test_a_function_that_the_names_do_not_cover_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"hooks\.ready: names is 'shop-\*'"):
        read(tmp_path, '[hooks.ready]\nfunction = "other:live"\n')
