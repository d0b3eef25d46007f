"""Deployments take their time and fail where they are told to."""

from __future__ import annotations

import importlib
import time
from typing import Any

import pytest

from lab.engine.clock import Clock
from lab.engine.deployments import Deployments

STACKS = importlib.import_module("ministack.services.cloudformation.stacks")


@pytest.fixture
def deployments(monkeypatch: pytest.MonkeyPatch) -> Deployments:
    monkeypatch.setattr(STACKS, "_provision_resource", lambda *given: given)
    monkeypatch.setattr(STACKS, "_runs_on_worker_thread", lambda kind: kind == "Custom::A")
    found = Deployments(Clock(10.0))
    found.install()
    return found


def create(logical_id: str) -> Any:
    return STACKS._provision_resource("AWS::S3::Bucket", logical_id, {}, "stack")


def test_nothing_fails_or_waits_by_itself(deployments: Deployments) -> None:
    assert create("Bucket") == ("AWS::S3::Bucket", "Bucket", {}, "stack")
    assert not STACKS._runs_on_worker_thread("AWS::S3::Bucket")
    assert STACKS._runs_on_worker_thread("Custom::A")


def test_a_resource_fails_until_others_are_named(deployments: Deployments) -> None:
    assert deployments.set(failing=["Bucket"]) == {"seconds": 0.0, "failing": ["Bucket"]}
    with pytest.raises(ValueError, match="lets this resource fail"):
        create("Bucket")
    assert create("Table")
    deployments.set()
    assert create("Bucket")


def test_a_resource_takes_its_seconds_by_the_labs_clock_and_never_on_the_event_loop(
    deployments: Deployments,
) -> None:
    deployments.set(seconds=1)
    began = time.monotonic()
    create("Bucket")
    assert 0.1 <= time.monotonic() - began < 0.9
    assert STACKS._runs_on_worker_thread("AWS::S3::Bucket")
