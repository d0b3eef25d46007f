"""A run is what its history says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.watch.ends import end_of, mode_of
from cli.watch.happenings import Answered, Entered, Failed, Judged, Left
from cli.watch.run import Run
from tests.unit.cli.watch.made_up_run import (
    OUTAGE,
    READY,
    START,
    WARM,
    History,
    begun,
    promoted,
    unready,
)

if TYPE_CHECKING:
    from cli.watch.happenings import Happening


def judgements(happened: list[Happening]) -> list[Judged]:
    return [one for one in happened if isinstance(one, Judged)]


def test_states_are_entered_and_left_with_their_seconds() -> None:
    run = Run()
    happened = run.take(begun().events)
    assert [v.name for v in run.visits] == ["Intake", "AcquireLock"]
    assert run.visits[0].seconds(START) == 0.4
    assert [type(one) for one in happened] == [Entered, Left] * 2
    assert run.open == []


def test_an_event_is_taken_once_whatever_the_order_in_which_pages_come() -> None:
    run, history = Run(), begun()
    run.take(history.events[:3][::-1])
    run.take(history.events[::-1])
    assert run.take(history.events) == []
    assert [v.name for v in run.visits] == ["Intake", "AcquireLock"]


def test_branches_are_inside_their_parallel_and_what_follows_is_not() -> None:
    run = Run()
    run.take(begun().judge("promote", OUTAGE).events)
    depths = {v.name: v.depth for v in run.visits}
    assert depths == {
        **dict.fromkeys(("Intake", "AcquireLock", "ReadControl", "GatherEvidence"), 0),
        **dict.fromkeys(("ConfirmOutage", "VerifyReadiness"), 1),
        "Decide": 0,
    }
    assert run.open == []


def test_branches_are_open_side_by_side() -> None:
    run, history = Run(), begun()
    history.enter("GatherEvidence", "Parallel")
    at = history._at
    history.enter("ConfirmOutage")
    history._at = at
    history.enter("VerifyReadiness")
    run.take(history.events)
    assert [(v.name, v.depth) for v in run.open] == [
        ("GatherEvidence", 0),
        ("ConfirmOutage", 1),
        ("VerifyReadiness", 1),
    ]
    history._open = history._open[:1]
    run.take(history.leave().events)
    assert run.open == []


def test_a_task_that_failed_and_is_scheduled_again_is_another_attempt() -> None:
    run, history = Run(), begun().enter("ConfirmTraffic")
    happened = run.take(history.fail("TrafficNotMoved", "us-west-2 answers.").schedule().events)
    (failed,) = (one for one in happened if isinstance(one, Failed))
    assert (failed.error, failed.cause) == ("TrafficNotMoved", "us-west-2 answers.")
    assert (run.open[0].attempts, run.open[0].errors) == (2, ["TrafficNotMoved"])


def test_a_failure_that_is_caught_is_one_attempt() -> None:
    run, history = Run(), begun().enter("RehearseClaim")
    run.take(history.fail("DynamoDB.ConditionalCheckFailedException").leave().events)
    assert run.visits[-1].attempts == 1
    assert run.open == []


def test_the_first_judgement_changes_every_condition() -> None:
    run = Run()
    (first,) = judgements(run.take(begun().judge("hold", OUTAGE, unready("x")).events))
    assert (first.action, first.new, first.before) == ("hold", True, 0)
    assert [c["name"] for c in first.changed] == ["outage_confirmed", "secondary_ready"]
    assert first.unmet == ("secondary_ready",)


def test_of_a_later_judgement_only_what_differs_is_changed() -> None:
    history = begun().judge("hold", OUTAGE, unready("Not ready: a."), WARM)
    history.judge("hold", OUTAGE, unready("Not ready: a."), WARM)
    history.judge("hold", OUTAGE, unready("Not ready: b."), WARM)
    history.judge("promote", OUTAGE, READY, WARM)
    found = judgements(Run().take(history.events))
    assert [[c["name"] for c in one.changed] for one in found[1:]] == [
        [],
        ["secondary_ready"],
        ["secondary_ready"],
    ]
    assert [one.new for one in found] == [True, False, False, True]


def test_seconds_that_pass_are_no_change_of_a_condition() -> None:
    history = begun().judge("hold", unready("The last claim was 14 s ago."))
    history.judge("hold", unready("The last claim was 31.5 s ago."))
    assert judgements(Run().take(history.events))[1].changed == ()


def test_an_answer_is_what_read_answer_makes_of_it() -> None:
    approval = {"action": "go", "detail": "Approved by Ada at 03:01."}
    history = begun().task("ReadAnswer", approval=approval)
    (answered,) = (h for h in Run().take(history.events) if isinstance(h, Answered))
    assert answered.detail == "Approved by Ada at 03:01."


def test_a_history_that_is_read_from_its_middle_on_is_understood() -> None:
    run, history = Run(), promoted()
    middle = next(e["id"] for e in history.events if e["type"] == "ParallelStateStarted")
    run.take(e for e in history.events if e["id"] > middle)
    names = [v.name for v in run.visits]
    assert names[:3] == ["ConfirmOutage", "VerifyReadiness", "Decide"]
    assert run.decision["action"] == "promote"
    assert run.end is not None


def test_an_engine_that_does_not_escape_strings_is_understood() -> None:
    history = begun().task("Decide")
    details = history.events[-1]["stateExitedEventDetails"]
    details["assignedVariables"] = {"summary": '"He said "no" to it"'}
    run = Run()
    run.take(history.events)
    assert run.variables["summary"] == 'He said "no" to it'


def test_the_last_event_says_how_it_ended() -> None:
    run = Run()
    run.take(begun().end("Failed", error="RecoveryFailed", cause="Claim: no").events)
    assert run.end is not None
    assert (run.end.status, run.end.error) == ("FAILED", "RecoveryFailed")


def test_a_description_says_how_it_ended_or_that_it_runs() -> None:
    assert end_of({"status": "RUNNING", "startDate": START}) is None
    ended = end_of({"status": "SUCCEEDED", "stopDate": START, "output": '{"outcome": "held"}'})
    assert ended is not None
    assert ended.output == {"outcome": "held"}
    aborted = end_of({"status": "ABORTED", "stopDate": None, "startDate": START})
    assert aborted is not None
    assert aborted.at == START


def test_the_mode_is_what_the_input_asks_for() -> None:
    assert mode_of('{"mode": "rehearsal"}') == "rehearsal"
    assert mode_of('{"action": "take-over"}') == "take-over"
    assert mode_of('{"source": "aws.cloudwatch"}') is None
    assert mode_of(None) is None


def test_an_empty_history_waits() -> None:
    run = Run()
    run.take(History().events)
    assert (run.visits, run.end) == ([], None)
