"""What a run waits for, until when, and what follows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pilot_light_client.timestamps import text

from cli.watch.run import Run
from cli.watch.waits import Waiting, waiting
from tests.unit.cli.watch.made_up_run import START, UNTIL, begun, unready

if TYPE_CHECKING:
    from tests.unit.cli.watch.made_up_run import History

ROOT = Path(__file__).resolve().parents[4]
PARAMETERS = {
    "Approval": "hold",
    "ApprovalSeconds": "300",
    "FenceSeconds": "3",
    "MaxWriteSeconds": "2",
    "HoldDeadlineSeconds": "3600",
}


def found(history: History, **parameters: str) -> Waiting:
    run = Run()
    run.take(history.events)
    waits = waiting(run, {**PARAMETERS, **parameters})
    assert waits is not None
    return waits


def seconds(waits: Waiting, history: History) -> float:
    assert waits.until is not None
    return (waits.until - history.now).total_seconds()


def test_between_two_states_nothing_is_waited_for() -> None:
    run = Run()
    run.take(begun().events)
    assert waiting(run, PARAMETERS) is None


def test_an_approval_is_waited_for_until_its_deadline_whatever_samconfig_toml_says() -> None:
    history = begun().enter("AskApproval")
    waits = found(history, Approval="go", ApprovalSeconds="60")
    assert seconds(waits, history) == 300
    assert waits.what == "waits for a person's answer: pilot-light approve, or reject"
    assert waits.then == "without one it does NOT promote and ends (Approval=hold)"
    assert waits.for_people


def test_an_approval_whose_message_cannot_be_read_claims_no_deadline() -> None:
    history = begun().enter("AskApproval")
    del history.events[-2]["taskScheduledEventDetails"]["parameters"]
    waits = found(history)
    assert waits.until is None
    assert waits.then == "its message says until when"
    assert waits.for_people


def test_the_machine_asks_in_the_words_that_are_read() -> None:
    machine = (ROOT / "statemachines/failover.asl.yaml").read_text(encoding="utf-8")
    words = (
        "Answer before ",
        ". Without an answer ",
        "it does NOT promote and ends (Approval=hold).",
    )
    assert "{}{{}}{}{}".format(*words) == UNTIL
    assert [each for each in words if each not in machine] == []


def test_a_hold_judges_again_after_15_seconds_and_ends_at_its_deadline() -> None:
    held = text(START + timedelta(seconds=10))
    history = begun().judge("hold", unready("a"), holdStartedAt=held)
    waits = found(history.enter("WaitToJudgeAgain", "Wait"))
    assert seconds(waits, history) == 15
    assert waits.what == "waits to judge again; unmet: secondary_ready"
    assert waits.then == "the hold ends at 04:00:10Z"
    assert waits.for_people


@pytest.mark.parametrize("state", ["WaitOutLease", "LetWritesEnd"])
def test_the_lease_is_the_fence_and_the_longest_write(state: str) -> None:
    history = begun().enter(state, "Wait")
    assert seconds(found(history, MaxWriteSeconds="30"), history) == 33


def test_a_drain_says_when_a_keeper_would_end_it() -> None:
    history = begun().stage("Drain", "drained_at")
    drained = history.now
    waits = found(history.after(7).enter("Prove"))
    assert waits.what == "compares the journals to their end; users' writes wait; attempt 1 of 16"
    end = drained + timedelta(seconds=62)
    assert waits.then == f"a keeper ends the drain after {end:%H:%M:%SZ}"


def test_what_is_tried_again_and_again_says_how_often_at_most() -> None:
    history = begun().enter("ConfirmTraffic").fail("TrafficNotMoved").schedule()
    waits = found(history)
    assert waits.what.endswith("; attempt 2 of 301")
    assert waits.until is None


def test_evidence_is_waited_for_by_its_branches() -> None:
    history = begun().enter("GatherEvidence", "Parallel")
    at = history._at
    history.enter("ConfirmOutage")
    history._at = at
    history.enter("VerifyReadiness")
    waits = found(history)
    assert (waits.state, waits.what) == (
        "GatherEvidence",
        "waits for ConfirmOutage, VerifyReadiness",
    )


def test_a_last_resort_asks_the_table_for_half_a_minute_from_the_request_on() -> None:
    history = begun().enter("ReadRequest", "Pass").leave().after(6)
    waits = found(history.enter("WaitForTable", "Wait"))
    assert seconds(waits, history) == 24


@pytest.mark.parametrize(
    ("state", "until"), [("LetTheBeaconFollow", 1), ("AwaitSwitchover", 5), ("CompareOn", 1)]
)
def test_short_waits_have_their_end(state: str, until: float) -> None:
    history = begun().enter(state, "Wait")
    assert seconds(found(history), history) == until


def test_any_other_state_is_waited_for_by_its_name() -> None:
    waits = found(begun().enter("NoteMissing"))
    assert (waits.state, waits.what, waits.until) == ("NoteMissing", "", None)
