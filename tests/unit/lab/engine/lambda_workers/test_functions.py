"""What workers inherit of the shell in which a lab was started, and how many there may be."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lab.engine.lambda_workers import functions
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything

if TYPE_CHECKING:
    import pytest

ARN = "arn:aws:lambda:us-east-2:000000000000:function:app"


def test_workers_inherit_nothing_that_a_shell_has_set_for_other_functions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shell = {
        "POWERTOOLS_METRICS_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": "another",
        "AWS_PROFILE": "work",
        "https_proxy": "http://127.0.0.1:1",
        "LANG": "C.UTF-8",
    }
    monkeypatch.setattr(os, "environ", dict(shell))
    functions.environment(Anything(config=CONFIG))
    assert set(shell) & set(os.environ) == {"LANG"}
    assert os.environ["LAB_ZONES"] == CONFIG.zone_name


def test_workers_of_a_region_reach_the_other_at_all_its_addresses_by_a_port_of_their_own() -> None:
    found = dict(e.split("=") for e in functions.entries_of(CONFIG, SECONDARY).split(","))
    ports = {address: int(at.split(":")[1]) for address, at in found.items()}
    for number in (1, 2, 3):
        assert ports[f"127.0.1.{number}"] == CONFIG.cross_region_ports[SECONDARY, PRIMARY]
        assert ports[f"127.0.2.{number}"] == CONFIG.entries[SECONDARY]


def test_a_function_has_no_more_environments_than_the_laptop_can_bear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ministack.core import lambda_runtime

    started: list[str] = []

    class Environment:
        def __init__(self, name: str, _config: object, _code: bytes) -> None:
            self.in_use, self.last_used = False, 0.0
            started.append(name)

    monkeypatch.setattr(lambda_runtime, "_workers", {})
    monkeypatch.setattr(lambda_runtime, "_LOCAL_MAX_WORKERS", 0)
    monkeypatch.setattr(lambda_runtime, "_worker_class_for", lambda _config: Environment)
    for close in ("_errors_of_handlers", "_layers_unpacked_once", "_log_groups"):
        monkeypatch.setattr(functions, close, lambda _aws: None)
    functions.install(Anything(lambda_runtime=lambda_runtime))
    most, config = functions.MOST_ENVIRONMENTS, {"FunctionArn": ARN}
    found = [lambda_runtime.acquire_worker("app", config, b"")[1] for _ in range(most + 1)]
    assert found == ["spawn"] * most + ["func_cap"]
    assert len(started) == most
