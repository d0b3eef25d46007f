"""How a run ended, the exit code, and what to do next."""

from __future__ import annotations

from typing import Any

import pytest

from cli.watch.ends import End
from cli.watch.run import Run
from cli.watch.verdict import Verdict, verdict
from tests.unit.cli.watch.made_up_run import REPORT, START, TOKEN, output


def of(outcome: str, machine: str = "failover", **more: Any) -> Verdict:
    end = End("SUCCEEDED", START, output(outcome, **more))
    return verdict(end, Run(), machine, "run-2")


def ended(status: str, machine: str = "failover", mode: str | None = None, **more: str) -> Verdict:
    return verdict(End(status, START, **more), Run(), machine, "run-2", mode)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "more", "code"),
    [
        ("promoted", {}, 0),
        ("already_promoted", {}, 0),
        ("switched_over", {"mode": "failback"}, 0),
        ("already_there", {"mode": "failback"}, 0),
        ("taken_over", {"mode": None}, 0),
        ("already_active", {"mode": None}, 0),
        ("last_resort", {"mode": None}, 0),
        ("rehearsed", {"mode": "rehearsal", "verdict": "PASS"}, 0),
        ("rehearsed", {"mode": "rehearsal", "verdict": "INCONCLUSIVE"}, 1),
        ("held", {"mode": "rehearsal", "verdict": "FAIL"}, 1),
        ("rehearsed", {"mode": "rehearsal", "verdict": None}, 1),
        ("held", {}, 1),
        ("refused", {"mode": "switchover"}, 1),
        ("duplicate", {}, 1),
        ("dropped", {}, 1),
        ("what nobody knows", {}, 1),
    ],
)
def test_the_exit_code_says_whether_what_was_asked_for_is_so(
    outcome: str, more: dict[str, Any], code: int
) -> None:
    assert of(outcome, **more).exit_code == code


@pytest.mark.parametrize(
    ("status", "mode", "code"),
    [
        ("FAILED", "failover", 3),
        ("TIMED_OUT", "failover", 3),
        ("FAILED", "rehearsal", 1),
        ("ABORTED", "failover", 1),
    ],
)
def test_a_failed_recovery_is_an_alarm_and_a_failed_rehearsal_is_not(
    status: str, mode: str, code: int
) -> None:
    assert ended(status, mode=mode).exit_code == code


def test_a_promotion_says_what_comes_when_the_other_region_is_back() -> None:
    found = of("promoted", report=REPORT)
    assert found.headline == "failover: promoted"
    assert found.report == REPORT
    assert "pilot-light failback" in found.next[0]
    assert found.next[-1] == "pilot-light report run-2"


def test_a_move_that_was_not_proven_says_so() -> None:
    proven = {"mode": "switchover", "proof": {"proven": True}}
    assert of("switched_over", **proven).headline == "switchover: switched over"
    unproven = {"mode": "switchover", "proof": {}}
    assert of("switched_over", **unproven).headline == "switchover: switched over, unproven"


def test_a_hold_that_ended_says_why() -> None:
    found = of("held", decision={"ended_by": "approval_expired"})
    assert found.headline == "failover: held (approval expired)"
    assert found.next == ["To promote after all: pilot-light failover (docs/runbook/hold-ended.md)"]


def test_a_duplicate_names_the_run_that_does_the_work() -> None:
    owner = "arn:aws:states:us-east-2:123456789012:execution:pilot-light-failover:run-1"
    assert of("duplicate", owner=owner).next == ["pilot-light watch run-1"]
    assert of("duplicate", owner=None).next == ["pilot-light status"]


def test_a_dropped_start_says_why() -> None:
    assert of("dropped", summary=None, why="The automation is paused").summary == (
        "The automation is paused"
    )


def test_a_promotion_without_a_record_is_to_be_completed() -> None:
    assert of("already_promoted", completing=True).next == [
        "The promotion is not on record. To complete it: pilot-light failover"
    ]


def test_a_rehearsal_shows_its_verdict() -> None:
    found = of("held", mode="rehearsal", verdict="FAIL")
    assert (found.headline, found.rehearsal) == ("rehearsal: FAIL", "FAIL")
    assert found.next == ["Repair what is unmet, then: pilot-light rehearse"]


def test_a_failure_names_its_cause_its_runbook_and_its_logs() -> None:
    found = ended("FAILED", error="RecoveryFailed", cause="Claim: ClaimNotMade: no quorum")
    assert found.summary == "RecoveryFailed: Claim: ClaimNotMade: no quorum"
    assert found.headline == "failover: FAILED"
    assert found.next == [
        "It is safe to run again. docs/runbook/failed.md",
        "pilot-light logs run-2",
    ]


def test_a_failure_has_a_report_if_one_was_written() -> None:
    run = Run()
    run.variables["report"] = REPORT
    found = verdict(End("FAILED", START), run, "switchover", "run-2")
    assert found.report == REPORT
    assert "docs/runbook/planned-move-failed.md" in found.next[0]
    assert found.next[-1] == "pilot-light report run-2"


def test_a_run_that_was_stopped_says_what_becomes_of_its_lock() -> None:
    found = ended("ABORTED", error="Superseded", cause="operator overrides")
    assert (found.outcome, found.summary) == ("stopped", "Stopped. Superseded: operator overrides")
    assert "lock" in found.next[0]


@pytest.mark.parametrize(
    ("machine", "mode", "holds"),
    [
        ("failover", "failover", True),
        ("failover", "drill", True),
        ("failover", "rehearsal", False),
        ("switchover", "failback", False),
        ("emergency", "take-over", False),
    ],
)
def test_only_a_failover_that_was_stopped_keeps_others_from_starting(
    machine: str, mode: str, holds: bool
) -> None:
    advice = " ".join(ended("ABORTED", machine, mode).next)
    assert ("Nothing starts by itself" in advice) is holds
    assert ("janitor" in advice) is (machine != "emergency")


def test_a_run_that_was_handed_over_names_the_one_that_does_the_work() -> None:
    assert of("handed_over", execution="run-2").handed_to == "run-2"


def test_what_could_be_a_token_is_not_shown() -> None:
    assert TOKEN[:60] not in ended("FAILED", error="x", cause=f"token {TOKEN}").summary
