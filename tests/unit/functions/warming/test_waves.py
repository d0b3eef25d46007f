"""Warming: what counts as proven, how the work is shared out, and what is left to say of it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, strategies as st
from pilot_light_client.warm_ping import MAX_HOLD_MS
from pilotlight.warming.paths import Requested
from pilotlight.warming.waves import (
    HOLDS_MS,
    MAX_BATCHES,
    SHOWN,
    Warmed,
    Wave,
    batches,
    name,
    summary,
    warmed,
)

APP = "arn:aws:lambda:us-east-2:123456789012:function:pilot-light-app:live"


class Waves:
    """Brings back one wave after the other, and notes how long each was to be held."""

    def __init__(self, *waves: Wave) -> None:
        self._waves = iter(waves)
        self.holds: list[int] = []

    def __call__(self, hold_ms: int) -> Wave:
        self.holds.append(hold_ms)
        return next(self._waves)


def warm(*waves: Wave, requested: int = 3, in_time: Any = lambda: True) -> tuple[Warmed, list[int]]:
    send = Waves(*waves)
    return warmed(APP, requested, send, in_time), send.holds


def test_distinct_ids_of_one_wave_are_environments_side_by_side() -> None:
    found, holds = warm(Wave(("a", "b", "c")))
    assert found == Warmed("pilot-light-app:live", 3, 3, 0, 1)
    assert holds == [HOLDS_MS[0]], "nobody waits longer than needed"


def test_an_environment_that_was_met_twice_is_asked_again_with_a_longer_hold() -> None:
    found, holds = warm(Wave(("a", "b", "a")), Wave(("a", "b", "c")))
    assert (found.environments, found.waves) == (3, 2)
    assert holds == list(HOLDS_MS[:2])
    assert HOLDS_MS == (150, 500, MAX_HOLD_MS)


def test_ids_of_different_waves_are_not_added_up() -> None:
    found, _ = warm(Wave(("a", "a", "b")), Wave(("c", "c", "c")), Wave(("d", "d", "d")))
    assert found.environments == 2


def test_the_waves_are_bounded() -> None:
    found, holds = warm(*[Wave(("a", "a", "a"))] * 9)
    assert (found.environments, found.short, holds) == (1, 2, list(HOLDS_MS))


def test_pings_that_failed_are_counted_and_tried_again_while_something_answers() -> None:
    throttled = Wave(("a", "b"), ("TooManyRequestsException",))
    found, _ = warm(throttled, Wave(("a", "b", "c")))
    assert (found.environments, found.failed, found.why) == (3, 1, "")


def test_a_function_that_does_not_answer_at_all_is_not_asked_again() -> None:
    found, holds = warm(Wave((), ("AccessDenied",) * 3))
    assert found == Warmed("pilot-light-app:live", 3, 0, 3, 1, "AccessDenied")
    assert len(holds) == 1


def test_no_wave_begins_when_time_is_over() -> None:
    left = iter([True, False])
    found, holds = warm(Wave(("a", "a", "b")), in_time=lambda: next(left))
    assert (found.environments, found.waves, len(holds)) == (2, 1, 1)
    found, holds = warm(in_time=lambda: False)
    assert (found.environments, found.why, holds) == (0, "There was no time left to ping it.", [])


@given(functions=st.integers(0, 6000), requested=st.integers(1, 100))
def test_every_function_is_in_exactly_one_batch_and_one_round_holds_all_batches(
    functions: int, requested: int
) -> None:
    found = batches(functions, requested)
    places = [place for b in found for place in range(b["from"], b["to"])]
    assert places == list(range(functions))
    assert len(found) <= MAX_BATCHES
    assert sum(b["show"] for b in found) <= max(SHOWN, len(found))


def test_the_functions_of_the_template_are_one_batch() -> None:
    assert batches(2, 5) == [{"from": 0, "to": 2, "show": 20}]
    assert batches(2, 62) == batches(2, 5)
    assert [(b["from"], b["to"]) for b in batches(2, 63)] == [(0, 1), (1, 2)]
    assert len(batches(1000, 5)) == MAX_BATCHES


def test_a_batch_hands_on_its_sums_and_its_least_warm_functions() -> None:
    targets = [Warmed("full:live", 3, 3), Warmed("cold:live", 3, 0, 3, 1, "x" * 999)]
    found = summary(targets, 1)
    assert [t["function"] for t in found.pop("targets")] == ["cold:live"]
    assert found == {
        "ok": False,
        "functions": 2,
        "requested": 6,
        "environments": 3,
        "failed": 3,
        "paths": [],
    }
    assert len(summary(targets, 1)["targets"][0]["why"]) == 200, "evidence stays small"


def test_a_batch_hands_on_the_answers_of_its_paths() -> None:
    full, short = Requested("/a", 3, 3), Requested("/b", 3, 1, "x" * 999)
    found = summary([Warmed("full:live", 3, 3)], 20, [full, short])
    assert (found["ok"], found["environments"]) == (False, 3)
    assert [(p["path"], p["answered"], len(p["why"])) for p in found["paths"]] == [
        ("/a", 3, 0),
        ("/b", 1, 200),
    ]
    assert summary([], 20, [full])["ok"] is True
    assert summary([Warmed("cold:live", 3)], 20, [full])["ok"] is False


def test_a_batch_without_functions_proves_nothing() -> None:
    assert summary([], 5)["ok"] is False
    assert summary([Warmed("full:live", 3, 3)], 5)["ok"] is True


def test_a_function_goes_by_its_name_and_alias() -> None:
    assert name(APP) == name("pilot-light-app:live") == "pilot-light-app:live"
