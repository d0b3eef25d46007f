"""What the last event of a run tells of a rehearsal that was cut off."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pilotlight.failover.aborted_notice import notice
from pilotlight.rehearsal import aborted_run

ARN = "arn:aws:states:us-east-2:123456789012:execution:pilot-light-failover:dead"
REHEARSAL = {"mode": "rehearsal", "reason": "quarterly check"}


def detail(given: Any = REHEARSAL, status: str = "ABORTED", **more: Any) -> dict[str, Any]:
    text = given if given is None or isinstance(given, str) else json.dumps(given)
    started = {"startDate": 1769860800001, "error": None, "cause": None}
    return {"executionArn": ARN, "status": status, "input": text, **started, **more}


@pytest.mark.parametrize(
    ("status", "outcome", "how"),
    [
        ("ABORTED", "stopped", "The run was stopped before its end."),
        ("TIMED_OUT", "timed_out", "The run reached its time limit before its end."),
    ],
)
def test_a_rehearsal_that_was_cut_off_proves_nothing(status: str, outcome: str, how: str) -> None:
    found = aborted_run.rehearsal(detail(status=status))
    assert found is not None
    assert (found.verdict, found.outcome) == ("INCONCLUSIVE", outcome)
    assert found.summary == f"Nothing is proven. {how}"
    assert (found.reason, found.trigger) == ("quarterly check", "manual")
    assert found.started_at == "2026-01-31T12:00:00.001Z", "as the machine writes it"


def test_what_the_event_says_of_the_reason_is_kept() -> None:
    found = aborted_run.rehearsal(detail(error="Superseded", cause="operator overrides"))
    assert found is not None
    assert found.summary.endswith("before its end, Superseded: operator overrides.")


def test_one_by_schedule_is_told_apart() -> None:
    found = aborted_run.rehearsal(detail({**REHEARSAL, "scheduled": True}))
    assert found is not None
    assert found.trigger == "schedule"


@pytest.mark.parametrize(
    "given",
    [{"mode": "failover", "reason": "-"}, {"detail-type": "CloudWatch Alarm"}, None, "", "{", "[]"],
)
def test_what_is_no_rehearsal_has_no_verdict(given: Any) -> None:
    assert aborted_run.rehearsal(detail(given)) is None


def test_a_rehearsal_that_failed_has_kept_its_own() -> None:
    assert aborted_run.rehearsal(detail(status="FAILED")) is None


def test_people_are_told_that_it_was_a_rehearsal_and_what_it_proves() -> None:
    ended = detail(stateMachineArn="arn:aws:states:us-east-2:123456789012:stateMachine:m")
    told = notice(ended, undone=False, released=True, rehearsal=aborted_run.rehearsal(ended))
    assert told is not None
    assert (told.subject, told.mode) == ("rehearsal ended ABORTED", "rehearsal")
    assert "Verdict: INCONCLUSIVE. Nothing is proven. The run was stopped" in told.text
    assert "promotion" not in told.text
