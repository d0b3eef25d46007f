"""Conditions: what the evidence of readiness and warming proves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pilotlight.conditions.condition import warm
from pilotlight.conditions.recorded import scheduled_ready

PROVEN = {"ok": True, "planned": 2, "functions": 2, "requested": 6, "environments": 6}


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
    ],
)
def test_anything_less_or_missing_is_not(change: dict[str, Any]) -> None:
    assert warm({**PROVEN, **change})[0] is False
    ((key, _),) = list(change.items())[:1]
    assert warm({k: v for k, v in PROVEN.items() if k != key})[0] is False


def test_a_contract_that_names_no_function_has_nothing_to_warm() -> None:
    none = {"planned": 0, "functions": 0, "requested": 0, "environments": 0}
    assert warm({"ok": True, **none}) == (True, "The contract names no function to warm.")
    assert warm({"ok": False, **none})[0] is False


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
