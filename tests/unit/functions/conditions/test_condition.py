"""Conditions: what the evidence of readiness and warming proves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pilotlight.conditions.condition import warm
from pilotlight.conditions.recorded import scheduled_ready

PROVEN = {
    "ok": True,
    "planned": 2,
    "functions": 2,
    "requested": 6,
    "environments": 6,
    "planned_paths": 0,
}
ANSWERED = [{"path": p, "requested": 3, "answered": 3, "why": ""} for p in ("/a", "/b")]
REQUESTED = {**PROVEN, "planned_paths": 2, "paths": ANSWERED}
NONE = {"planned": 0, "functions": 0, "requested": 0, "environments": 0}


def test_all_that_was_planned_is_proven() -> None:
    assert warm(PROVEN) == (
        True,
        "6 of 6 execution environments are proven, in 2 of 2 functions.",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"ok": False},
        {"ok": None},
        {"ok": "true"},
        {"functions": 1},
        {"environments": 5},
        {"environments": True},
        {"requested": None},
        {"requested": "6"},
        {"planned": 3},
        {"planned_paths": 1},
        {"planned_paths": None},
    ],
)
def test_anything_less_or_missing_is_not(change: dict[str, Any]) -> None:
    assert warm({**PROVEN, **change})[0] is False
    ((key, _),) = list(change.items())[:1]
    assert warm({k: v for k, v in PROVEN.items() if k != key})[0] is False


def test_a_contract_that_names_nothing_has_nothing_to_warm() -> None:
    none = {**NONE, "planned_paths": 0}
    assert warm({"ok": True, **none}) == (True, "The contract names nothing to warm.")
    assert warm({"ok": False, **none})[0] is False


def test_answers_of_paths_are_counted_beside_environments_and_are_none() -> None:
    of_paths = (
        "2 of 2 paths were requested (/a: 3 of 3 requests were answered, "
        "/b: 3 of 3 requests were answered)."
    )
    met, detail = warm(REQUESTED)
    assert (met, detail) == (True, f"{warm(PROVEN)[1]} {of_paths}")
    assert warm({**REQUESTED, **NONE}) == (True, of_paths), "no function answers pings"


@pytest.mark.parametrize("functions", [{}, NONE])
@pytest.mark.parametrize(
    "change",
    [
        {"ok": False},
        {"ok": None},
        {"paths": ANSWERED[:1]},
        {"paths": None},
        {"paths": [ANSWERED[0], {**ANSWERED[1], "answered": 2}]},
        {"paths": [ANSWERED[0], "garbled"]},
        {"paths": [ANSWERED[0], {"path": "/b"}]},
    ],
)
def test_a_path_without_all_its_answers_leaves_warmth_unmet(
    change: dict[str, Any], functions: dict[str, Any]
) -> None:
    assert warm({**REQUESTED, **functions, **change})[0] is False


def test_a_path_that_is_short_is_named_first() -> None:
    paths = [ANSWERED[0], {"path": "/slow", "requested": 3, "answered": 1}]
    _, detail = warm({**REQUESTED, "paths": paths})
    assert "(/slow: 1 of 3 requests were answered, /a: 3 of 3" in detail


def test_functions_that_are_short_are_named_before_those_that_are_not() -> None:
    targets = [
        {"function": "full:live", "requested": 3, "environments": 3},
        {"function": "cold:live", "requested": 3, "environments": 0},
        "garbled",
    ]
    _, detail = warm({**PROVEN, "targets": targets})
    assert "cold:live: 0 of 3" in detail
    assert "full:live" not in detail
    assert "full:live: 3 of 3" in warm({**PROVEN, "targets": targets[:1]})[1]
    assert warm({**PROVEN, "targets": targets[1:2] * 6})[1].count("cold:live") == 5


def test_a_scheduled_verdict_that_cannot_be_read_is_none() -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    ready, detail, known = scheduled_ready({"error": "ClientError: throttled"}, now)
    assert (ready, known) == (False, False)
    assert "throttled" in detail
