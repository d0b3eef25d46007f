"""The verdict on the Secondary, over the checks that were tried."""

from __future__ import annotations

import json

import pytest
from pilotlight.readiness.verdict import CheckResult, evidence

NOW = "2026-01-31T12:00:00.000Z"


def check(name: str = "items_table", required: bool = True, ok: bool = True) -> CheckResult:
    return CheckResult(name, required, "ok" if ok else "failed", "as tried", 0.1)


@pytest.mark.parametrize("count", [1, 2, 6])
def test_it_is_ready_when_every_required_check_passed(count: int) -> None:
    assert evidence([check()] * count, NOW)["verdict"] == "ready"


@pytest.mark.parametrize("failed", range(3))
def test_one_failed_required_check_is_enough_to_be_unready(failed: int) -> None:
    checks = [check(ok=n != failed) for n in range(3)]
    assert evidence(checks, NOW)["verdict"] == "not_ready"


def test_a_failed_advisory_check_does_not_veto() -> None:
    checks = [check(), check("certificate", required=False, ok=False)]
    assert evidence(checks, NOW)["verdict"] == "ready"


@pytest.mark.parametrize("checks", [[], [check("certificate", required=False)]])
def test_without_a_required_check_nothing_is_proven(checks: list[CheckResult]) -> None:
    assert evidence(checks, NOW)["verdict"] == "not_ready"


def test_the_evidence_carries_every_check_and_when_it_was_made() -> None:
    found = evidence([check(), check("bucket", required=False, ok=False)], NOW)
    rest = {"detail": "as tried", "seconds": 0.1}
    assert json.loads(json.dumps(found)) == {
        "verdict": "ready",
        "checks": [
            {"name": "items_table", "required": True, "ok": True, **rest},
            {"name": "bucket", "required": False, "ok": False, **rest},
        ],
        "checked_at": NOW,
    }
