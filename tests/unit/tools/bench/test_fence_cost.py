"""What the fence costs, from the times of writes with and without it."""

from __future__ import annotations

import pytest

from tools.bench.fence_cost import FenceNotMeasured, run, summary
from tools.reader import ROOT


def test_what_is_added_is_the_difference_between_neighbours() -> None:
    load = [0.0, 0.005, 0.0, 0.009, 0.0]
    bare = [0.002 + x for x in load]
    assert summary([b + 0.00025 for b in bare], [b + 0.00075 for b in bare], bare) == {
        "rounds": 5,
        "without_fence_p50_ms": 2.0,
        "added_p50_ms": 0.25,
        "added_with_read_p50_ms": 0.75,
    }


def test_the_apps_own_handler_is_what_is_measured() -> None:
    figures = run(ROOT / "app" / "src", ROOT / "clients" / "python" / "src", rounds=20)
    assert figures["rounds"] == 20
    assert figures["without_fence_p50_ms"] > 0.05


def test_a_measurement_that_fails_says_why(tmp_path) -> None:
    with pytest.raises(FenceNotMeasured, match="could not be measured"):
        run(tmp_path, tmp_path, rounds=1)
