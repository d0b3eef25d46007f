"""The verdict on a Region, over the results of checks."""

from __future__ import annotations

import json

import pytest
from pilotlight.readiness.verdict import CheckResult, evidence

NOW = "2026-01-31T12:00:00.000Z"
OK, FAILED, UNKNOWN = (
    CheckResult(state, required=True, state=state, detail="so it is", seconds=0.1)  # type: ignore[arg-type]
    for state in ("ok", "failed", "unknown")
)
ADVISORY = CheckResult("bucket", required=False, state="failed", detail="lost", seconds=0.2)


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ([OK], "ready"),
        ([OK] * 6, "ready"),
        ([OK, ADVISORY], "ready"),
        ([OK, OK, FAILED], "not_ready"),
        ([FAILED, OK], "not_ready"),
        ([OK, UNKNOWN], "not_ready"),
        ([ADVISORY], "not_ready"),
        ([], "not_ready"),
    ],
)
def test_every_required_check_has_to_pass_and_there_has_to_be_one(
    results: list[CheckResult], verdict: str
) -> None:
    assert evidence(results, NOW)["verdict"] == verdict


def test_the_evidence_carries_every_check_and_when_it_was_made() -> None:
    assert json.loads(json.dumps(evidence([OK, ADVISORY], NOW))) == {
        "verdict": "ready",
        "checks": [
            {"name": "ok", "required": True, "ok": True, "detail": "so it is", "seconds": 0.1},
            {"name": "bucket", "required": False, "ok": False, "detail": "lost", "seconds": 0.2},
        ],
        "checked_at": NOW,
    }
