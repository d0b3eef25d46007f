"""What a cold start costs, from the CPU of processes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tools.bench.cold_starts import (
    PYTHON,
    RUNTIME,
    ColdStartsNotMeasured,
    cpu_ms,
    environment,
    measured,
    runtime_in,
    summary,
)
from tools.bench.tables import cold_starts
from tools.reader import ROOT
from tools.reader.template import load

if TYPE_CHECKING:
    from pathlib import Path


def test_the_ratio_is_that_of_neighbours_which_share_the_machines_load() -> None:
    found = summary("switch", ["dynamodb"], [(110.0, 100.0), (330.0, 300.0), (121.0, 110.0)])
    assert found == {
        "function": "switch",
        "services": ["dynamodb"],
        "init_p50_ms": 121.0,
        "bare_p50_ms": 110.0,
        "ratio": 1.1,
    }


def test_a_function_is_imported_with_its_own_variables_and_compared_with_its_services(
    tmp_path: Path,
) -> None:
    for name, place in {
        "pilotlight": ROOT / "functions" / "pilotlight",
        "pilot_light_client": ROOT / "clients" / "python" / "src" / "pilot_light_client",
    }.items():
        (tmp_path / name).symlink_to(place)
    runtime = runtime_in(tmp_path / "runtime")
    found = measured("SwitchFunction", load("secondary"), tmp_path, runtime, rounds=1)
    assert (found["function"], found["services"]) == ("switch", ["dynamodb"])
    assert found["init_p50_ms"] > 0 < found["bare_p50_ms"]


def test_a_process_finds_what_lambdas_runtime_has_and_nothing_else(tmp_path: Path) -> None:
    variables = environment(load("secondary"), {})
    variables |= {"PYTHONPATH": str(runtime_in(tmp_path / "runtime"))}
    for name in RUNTIME:
        cpu_ms([*PYTHON, f"import {name}"], tmp_path, variables)
    with pytest.raises(ColdStartsNotMeasured, match="No module named 'pytest'"):
        cpu_ms([*PYTHON, "import pytest"], tmp_path, variables)


def test_a_process_that_works_takes_more_than_one_that_does_not(tmp_path: Path) -> None:
    variables = environment(load("secondary"), {})
    idle, busy = (
        cpu_ms([sys.executable, "-c", code], tmp_path, variables)
        for code in ("pass", "sum(range(10_000_000))")
    )
    assert busy > idle > 0


def test_a_handler_that_cannot_be_imported_says_why(tmp_path: Path) -> None:
    with pytest.raises(ColdStartsNotMeasured, match="No module named 'app'"):
        cpu_ms([sys.executable, "-c", "import app"], tmp_path, environment(load("secondary"), {}))


def test_a_ratio_beyond_the_limit_is_missed() -> None:
    functions = [
        {"function": f, "services": [], "init_p50_ms": 1.0, "bare_p50_ms": 1.0, "ratio": r}
        for f, r in (("fast", 1.2), ("slow", 1.21))
    ]
    found = {"rounds": 1, "load": 0.5, "layer_mb": 3.0, "bytecode_mb": 1.0, "functions": functions}
    table = cold_starts(found)
    assert [row[-1] for row in table.rows] == ["met", "missed"]
    assert "3 MB, 1 MB of them bytecode" in table.title
