"""What the fence costs, from the times of writes with and without it."""

from __future__ import annotations

import pytest

from lab.config import ROOT
from tools.bench.fence_cost import FenceNotMeasured, run, summary


def test_what_is_added_is_the_difference_between_neighbours() -> None:
    load = [0.0, 5.0, 0.0, 9.0, 0.0]
    bare = [2.0 + x for x in load]
    found = summary([b + 0.25 for b in bare], [b + 0.75 for b in bare], bare)
    assert found["added_p50_ms"] == pytest.approx(0.25)
    assert found["added_with_read_p50_ms"] == pytest.approx(0.75)
    assert found["ratio_p50"] == pytest.approx(2.25 / 2.0)
    assert found["rounds"] == 5


def test_the_apps_own_handler_is_what_is_measured() -> None:
    found = run(ROOT / "functions" / "app", ROOT / "functions", rounds=20)
    assert found["rounds"] == 20
    assert found["without_fence_ms"]["p50"] > 0.05


def test_a_measurement_that_fails_says_why(tmp_path) -> None:
    with pytest.raises(FenceNotMeasured, match="could not be measured"):
        run(tmp_path, tmp_path, rounds=1)
