"""Which lines a person sees of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.watch.lines import Lines
from cli.watch.run import Run
from tests.unit.cli.watch.made_up_run import (
    NOT_MET,
    OUTAGE,
    READY,
    TOKEN,
    WARM,
    begun,
    promoted,
    unready,
)

if TYPE_CHECKING:
    from cli.watch.lines import Line
    from tests.unit.cli.watch.made_up_run import History


def lines(history: History, *, every_state: bool = False) -> list[Line]:
    run = Run()
    return Lines(run, every_state=every_state).of(run.take(history.events))


def labels(found: list[Line]) -> list[str]:
    return [line.label for line in found]


def test_states_are_named_as_in_the_machine_and_explained() -> None:
    first = lines(begun())[0]
    assert (first.label, first.text) == ("Intake", "reads the request")


def test_states_that_only_the_machine_cares_about_are_left_out_unless_asked_for() -> None:
    history = begun().enter("FollowIntake", "Choice").leave()
    assert "FollowIntake" not in labels(lines(history))
    assert "FollowIntake" in labels(lines(history, every_state=True))


def test_a_decision_is_shown_with_the_conditions_that_it_rests_on() -> None:
    found = lines(begun().judge("promote", OUTAGE, READY, WARM))[-4:]
    assert labels(found) == ["Decide", "met", "met", "unmet"]
    assert found[1].text.startswith("outage_confirmed: 5 of 5 probes failed")
    assert found[3].text.startswith("functions_warm (advisory): 3 of 5")
    assert found[0].text == "promotes: All required conditions are met."


def test_a_required_condition_that_is_not_met_stands_out() -> None:
    found = lines(begun().judge("hold", OUTAGE, unready("Not ready: items_table.")))[-3:]
    assert labels(found) == ["Decide", "met", "UNMET"]
    assert found[0].text == "holds; unmet: secondary_ready"


def test_a_hold_shows_nothing_until_something_changes() -> None:
    history = begun().judge("hold", unready("Not ready: a.")).task("NotifyHold")
    before = len(lines(history.wait("WaitToJudgeAgain", 15)))
    for _ in range(3):
        history.judge("hold", unready("Not ready: a.")).wait("WaitToJudgeAgain", 15)
    assert len(lines(history)) == before
    history.judge("promote", READY).task("Claim")
    assert labels(lines(history))[before:] == ["Decide", "met", "Claim"]
    assert lines(history)[-3].text.startswith("promotes, judgement 5: ")


def test_what_is_judged_again_after_an_approval_is_shown_although_nothing_changed() -> None:
    history = begun().judge("promote", OUTAGE).judge("promote", OUTAGE)
    assert lines(history)[-1].text == "promotes, judgement 2: All required conditions are met."


def test_every_state_of_a_hold_is_shown_if_asked_for() -> None:
    history = begun().judge("hold", READY).wait("WaitToJudgeAgain", 15).judge("hold", READY)
    assert labels(lines(history, every_state=True)).count("ConfirmOutage") == 2


def test_a_failure_has_its_error_and_its_cause_in_one_line() -> None:
    cause = '{"errorMessage": "TooMany\\n  requests", "stackTrace": ["line 1"]}'
    history = begun().enter("Decide").fail("Lambda.TooManyRequestsException", cause)
    last = lines(history)[-1]
    assert (last.label, last.style) == ("Decide", "failed")
    assert last.text == "Lambda.TooManyRequestsException: TooMany requests"


def test_a_failure_of_a_state_that_is_left_out_is_shown_all_the_same() -> None:
    assert labels(lines(begun().enter("NoteMissing").fail("Lambda.Unknown")))[-1] == "NoteMissing"


def test_the_same_failure_again_is_counted_and_not_repeated() -> None:
    found = [line for line in lines(promoted()) if line.label == "ConfirmTraffic"]
    assert [line.text for line in found] == [
        "confirms that the public name leads to the active Region",
        "TrafficNotMoved: us-west-2 answers.",
        "over after 5.0 s and 4 attempts",
    ]
    every = [x for x in lines(promoted(), every_state=True) if x.label == "ConfirmTraffic"]
    assert len(every) == 5


def test_a_condition_of_a_write_that_the_machine_reckons_with_is_no_failure() -> None:
    last = lines(begun("rehearsal").enter("RehearseClaim").fail(NOT_MET, "…"))[-1]
    assert last.style == ""
    assert last.text == "the claim's write reached the quorum, and changed nothing, as it should"


def test_a_state_that_took_long_says_so() -> None:
    history = begun().wait("WaitOutLease", 5)
    assert lines(history)[-1].text == "over after 5.0 s"
    assert lines(begun().wait("WaitOutLease", 4))[-1].text.startswith("waits until")


def test_branches_are_indented() -> None:
    found = {line.label: line.depth for line in lines(begun().gather())}
    assert (found["GatherEvidence"], found["ConfirmOutage"]) == (0, 1)


def test_a_task_token_is_never_shown() -> None:
    history = begun().enter("AskApproval").fail("SNS.InternalErrorException", f"token {TOKEN}")
    for every in (False, True):
        found = lines(history, every_state=every)
        assert found[-1].text == "SNS.InternalErrorException: token …"
        assert not any(TOKEN[:60] in line.text for line in found)
