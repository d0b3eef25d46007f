"""Which runtimes a deployment takes, and what it reports of the others."""

from __future__ import annotations

from typing import Any

import pytest

from lab.engine.lambda_workers import runtimes
from tests.unit.lab.engine.fakes import Anything


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the major version of the machine's Node.js."""
    return lambda version: monkeypatch.setattr(runtimes, "node_version", lambda: version)


@pytest.mark.parametrize(
    "runtime", ["python3.9", "python3.13", "nodejs20.x", "nodejs24.x", "provided.al2023"]
)
def test_the_lab_runs_these(node: Any, runtime: str) -> None:
    node(20)
    assert runtimes.problem_with(runtime) is None


@pytest.mark.parametrize("runtime", ["java21", "dotnet8", "ruby3.3", "python2.7", "go1.x", ""])
def test_another_runtime_is_named_with_what_to_do(node: Any, runtime: str) -> None:
    node(20)
    problem = str(runtimes.problem_with(runtime))
    assert runtime in problem
    assert "Leave the function out" in problem


@pytest.mark.parametrize(
    ("version", "why"), [(None, "no `node` on the PATH"), (16, "`node` is 16")]
)
def test_a_machine_without_a_usable_node_is_named_with_the_remedy(
    node: Any, version: int | None, why: str
) -> None:
    node(version)
    problem = str(runtimes.problem_with("nodejs22.x"))
    assert why in problem
    assert "Install Node.js 20 or later" in problem
    assert runtimes.problem_with("python3.13") is None


def test_the_version_is_none_where_there_is_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert runtimes.node_version.__wrapped__() is None


def test_a_stack_s_function_is_checked_before_it_is_created_or_updated(node: Any) -> None:
    node(20)
    done: list[str] = []

    def create(*_: Any) -> tuple[str, dict[str, Any]]:
        done.append("create")
        return "name", {}

    def update(*_: Any, logical_id: str | None = None) -> str:
        done.append(f"update {logical_id}")
        return "name"

    handlers: dict[str, Any] = {runtimes.FUNCTION: {"create": create, "update": update}}
    aws: Any = Anything(provisioners=Anything(_RESOURCE_HANDLERS=handlers))
    runtimes.install(aws)
    kept = handlers[runtimes.FUNCTION]
    for properties in (
        {"Runtime": "java21"},
        {"PackageType": "Image"},
        {"Code": {"ImageUri": "x"}},
    ):
        with pytest.raises(ValueError, match="The lab"):
            kept["create"]("Api", properties, "stack")
        with pytest.raises(ValueError, match="The lab"):
            kept["update"]("name", {}, properties, "stack", logical_id="Api")
    assert done == []
    good = {"Runtime": "nodejs22.x"}
    assert kept["create"]("Api", good, "stack") == ("name", {})
    kept["update"]("name", {}, good, "stack", logical_id="Api")
    assert done == ["create", "update Api"]
