"""What the fence costs, from the times of writes with and without it."""

from __future__ import annotations

import pytest

from tools.bench.fence_cost import FenceNotMeasured, every, run, summary
from tools.reader import ROOT


def test_what_is_added_is_the_difference_between_neighbours() -> None:
    load = [0.0, 0.005, 0.0, 0.009, 0.0]
    bare = [0.002 + x for x in load]
    found = summary([b + 0.00025 for b in bare], [b + 0.00075 for b in bare], bare)
    assert found.pop("load") >= 0
    assert found == {
        "rounds": 5,
        "without_fence_p50_ms": 2.0,
        "added_p50_ms": 0.25,
        "added_with_read_p50_ms": 0.75,
    }


def test_the_apps_own_handler_is_what_is_measured() -> None:
    figures = run(ROOT / "app" / "src", ROOT / "clients" / "python" / "src", rounds=20)
    assert figures["rounds"] == 20
    assert figures["without_fence_p50_ms"] > 0.05


def test_each_client_of_this_machine_is_measured() -> None:
    found = every(rounds=20)
    assert found[0]["client"] == "Python"
    assert {c["client"] for c in found} <= {"Python", "Node.js"}
    assert all(c["without_fence_p50_ms"] > 0 for c in found)


def test_a_measurement_that_fails_says_why(tmp_path) -> None:
    with pytest.raises(FenceNotMeasured, match="could not be measured"):
        run(tmp_path, tmp_path, rounds=1)
