"""What docs/fence-vectors.json does not tell of the fence: its parameters and its clocks."""

from __future__ import annotations

import math
import time

import pytest
from pilot_light_client.fence import MAX_WRITE_SECONDS, Fence, Stamp, age, now

from tests.unit.functions.client.scripted import PRIMARY, SERVING


def fence(seconds: float = 3) -> Fence:
    return Fence(lambda: SERVING, PRIMARY, fence_seconds=seconds)


@pytest.mark.parametrize("seconds", [1, 3, 10])
def test_the_lease_is_the_fence_and_the_deadline_of_a_write(seconds: float) -> None:
    assert fence(seconds).lease_seconds == seconds + MAX_WRITE_SECONDS


@pytest.mark.parametrize("seconds", [0, 0.9, 10.1, math.nan, -3])
def test_a_validity_out_of_bounds_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="FenceSeconds"):
        fence(seconds)


def test_the_real_clocks_are_told() -> None:
    stamp = now(12.5)
    assert stamp.request == 12.5
    assert abs(stamp.wall - time.time()) < 5
    assert 0 <= age(stamp, now(12.5)) < 5


def test_the_fence_works_with_the_real_clocks() -> None:
    decision, permit = fence().decide(forwarded=False)
    assert decision.action == "write"
    permit.check_sending()
    permit.check_answer()


@pytest.mark.parametrize(
    ("since", "at", "seconds"),
    [
        (Stamp(0, 0), Stamp(2, 1), 2),
        (Stamp(0, 0), Stamp(1, 2), 2),
        (Stamp(0, 0, 0), Stamp(1, 2, 9), 9),
        (Stamp(0, 0), Stamp(1, 2, 9), 2),
        (Stamp(0, 0, 0), Stamp(1, 2), 2),
        (Stamp(0, 0), Stamp(-0.001, 2), math.inf),
        (Stamp(0, 0), Stamp(2, -0.001), math.inf),
        (Stamp(0, 0, 1), Stamp(2, 2, 0.9), math.inf),
    ],
)
def test_an_age_is_the_largest_that_any_clock_tells(
    since: Stamp, at: Stamp, seconds: float
) -> None:
    assert age(since, at) == seconds
