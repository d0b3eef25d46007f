"""A person is asked before what an alarm started promotes: every answer, and none, executed."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from pilotlight.failover import approval

from cli.automation.running import question
from tests.integration.machine import PRIMARY, SECONDARY, FunctionFailed, aws_error, definition
from tests.integration.test_failures import assert_failed_notified_unlocked, janitor
from tests.integration.test_outcomes import DRILL, FAILOVER, REHEARSAL, alarm_event

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine, Run

APPROVED, REJECTED = {"approved": True, "by": "Ada"}, {"approved": False, "by": "Ada"}


def asking(machine: Machine, unanswered: str, seconds: int = 30) -> None:
    """Deploy the machine so that it asks."""
    text = definition(Topic=machine.topic, Approval=unanswered, ApprovalSeconds=str(seconds))
    machine.arn = machine.deploy(text, "pilot-light-failover-asking")


def asked(machine: Machine) -> str:
    """Wait for the request, and return its message."""
    found: list[str] = []

    def arrived() -> bool:
        found.extend(m for event, m in machine.notices() if event == "approval_wanted")
        return bool(found)

    machine.until(arrived)
    assert len(found) == 1
    return found[0]


def token(message: str) -> str:
    (found,) = re.findall(r"\ntask_token: (\S+)$", message)
    return found


def answer(machine: Machine, message: str, output: Any) -> None:
    machine.sfn.send_task_success(taskToken=token(message), output=json.dumps(output))


def run_with(machine: Machine, output: Any) -> Run:
    """Let an alarm start it, and answer the request."""
    arn = machine.start(alarm_event())
    answer(machine, asked(machine), output)
    return machine.wait(arn)


def test_an_approved_promotion_is_judged_anew_and_not_asked_for_again(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    asking(machine, "hold")
    run = run_with(machine, APPROVED)
    assert run.output["outcome"] == "promoted"
    assert (run.states.count("AskApproval"), run.states.count("Decide")) == (1, 2)
    assert machine.active() == (SECONDARY, 2)
    assert run.output["approval"]["by"] == "Ada"
    assert "answered_at" in run.output["timeline"]
    recorded = json.loads(machine.record(2)["approval"]["S"])
    assert (recorded["answer"], recorded["by"]) == ("approved", "Ada")
    assert re.search(r"Approved by Ada at 20\d\d-", machine.notices()[-1][1])


def test_the_request_holds_evidence_deadline_consequence_and_the_commands(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    asking(machine, "hold")
    arn = machine.start(alarm_event())
    message = asked(machine)
    for said in (
        "met    outage_confirmed: 0 of 3 own probes",
        "met    secondary_ready: ",
        "Estimated RPO: ",
        "it does NOT promote and ends (Approval=hold)",
        "To approve: pilot-light approve\n",
        "To reject: pilot-light reject\n",
        arn,
    ):
        assert said in message
    assert re.search(r"Answer before 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d", message)
    answer(machine, message, REJECTED)
    machine.wait(arn)


def test_the_execution_s_history_has_the_token_that_pilot_light_approve_sends(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    asking(machine, "hold")
    arn = machine.start(alarm_event())
    message = asked(machine)
    history = machine.sfn.get_execution_history(executionArn=arn)
    found = question(history["events"][::-1])
    assert found is not None
    assert found.token == token(message)
    assert "it does NOT promote" in found.text
    assert found.token not in found.text, "nobody copies it by hand"
    answer(machine, message, REJECTED)
    machine.wait(arn)


def test_a_rejected_promotion_ends_held_and_tells_once(machine: Machine, network: Network) -> None:
    network.lose_primary()
    asking(machine, "go")
    run = run_with(machine, REJECTED)
    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "held")
    assert run.output["decision"]["ended_by"] == "rejected"
    assert run.output["decision"]["action"] == "end_hold"
    assert "Rejected by Ada." in run.output["summary"]
    assert machine.active() == (PRIMARY, 1)
    assert machine.lock() == {}
    notices = machine.notices()
    assert [event for event, _ in notices] == ["hold_ended"]
    assert "start a failover by hand" in notices[0][1]


@pytest.mark.parametrize("garbled", [{}, {"approved": "true"}, {"approved": 1}, "yes", None, []])
def test_an_answer_that_is_garbled_is_no_consent(
    machine: Machine, network: Network, garbled: Any
) -> None:
    network.lose_primary()
    asking(machine, "go")
    run = run_with(machine, garbled)
    assert run.output["decision"]["ended_by"] == "rejected"
    assert "neither approved true nor false" in run.output["summary"]
    assert machine.active() == (PRIMARY, 1)


def test_a_failure_that_a_person_sends_is_no_consent(machine: Machine, network: Network) -> None:
    network.lose_primary()
    asking(machine, "go")
    arn = machine.start(alarm_event())
    machine.sfn.send_task_failure(taskToken=token(asked(machine)), error="No", cause="not now")
    run = machine.wait(arn)
    assert run.output["decision"]["ended_by"] == "rejected"
    assert "Rejected: No: " in run.output["summary"]
    assert run.states.count("AskApproval") == 1
    assert machine.active() == (PRIMARY, 1)


def test_an_expired_request_goes_on_where_go_says_so_and_that_is_told(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    asking(machine, "go", seconds=1)
    run = machine.run(alarm_event())
    assert run.output["outcome"] == "promoted"
    assert run.output["approval"]["answer"] == "expired"
    assert json.loads(machine.record(2)["approval"]["S"])["answer"] == "expired"
    notices = machine.notices()
    assert [event for event, _ in notices] == ["started", "approval_wanted", "promoted"]
    assert "it GOES ON and promotes (Approval=go)" in notices[1][1]
    assert "Nobody answered in time; Approval=go goes on" in notices[2][1]


def test_an_expired_request_ends_held_where_hold_says_so(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    asking(machine, "hold", seconds=1)
    run = machine.run(alarm_event())
    assert run.output["outcome"] == "held"
    assert run.output["decision"]["ended_by"] == "approval_expired"
    assert machine.active() == (PRIMARY, 1)
    assert machine.lock() == {}
    assert [event for event, _ in machine.notices()] == ["started", "approval_wanted", "hold_ended"]


def test_an_answer_after_the_deadline_changes_nothing(machine: Machine, network: Network) -> None:
    network.lose_primary()
    asking(machine, "hold", seconds=1)
    arn = machine.start(alarm_event())
    message = asked(machine)
    machine.wait(arn)
    with pytest.raises(machine.sfn.exceptions.ClientError):
        answer(machine, message, APPROVED)
    assert machine.active() == (PRIMARY, 1)


@pytest.mark.parametrize(("unanswered", "outcome"), [("go", "promoted"), ("hold", "held")])
def test_a_request_that_cannot_be_sent_is_unanswered(
    machine: Machine, network: Network, faults: Faults, unanswered: str, outcome: str
) -> None:
    network.lose_primary()
    asking(machine, unanswered)
    faults.always("AskApproval", aws_error("AuthorizationError"))
    run = machine.run(alarm_event())
    assert run.output["outcome"] == outcome
    assert run.output["approval"]["answer"] == "not_asked"
    assert "SNS.AuthorizationErrorException" in run.output["approval"]["detail"]


def test_a_request_is_sent_again_where_sns_stumbled(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.lose_primary()
    asking(machine, "hold")
    faults.once("AskApproval", aws_error("InternalError"))
    assert run_with(machine, APPROVED).output["outcome"] == "promoted"


@pytest.mark.parametrize("request_by_hand", [FAILOVER, DRILL], ids=["failover", "drill"])
def test_who_starts_by_hand_has_approved(
    machine: Machine, network: Network, request_by_hand: dict[str, Any]
) -> None:
    network.lose_primary()
    asking(machine, "hold")
    run = machine.run(request_by_hand)
    assert run.output["outcome"] == "promoted"
    assert "AskApproval" not in run.states
    assert run.output["approval"]["answer"] == "not_needed"


def test_a_rehearsal_asks_nobody(machine: Machine) -> None:
    asking(machine, "hold")
    run = machine.run(REHEARSAL)
    assert run.output["outcome"] == "rehearsed"
    assert "AskApproval" not in run.states


def test_a_primary_that_is_well_again_when_the_approval_comes_is_not_left(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    asking(machine, "hold")
    arn = machine.start(alarm_event())
    message = asked(machine)
    network.heal_primary()
    answer(machine, message, APPROVED)
    run = machine.wait(arn)
    assert run.output["decision"]["ended_by"] == "primary_healthy"
    assert machine.active() == (PRIMARY, 1)


def test_an_approval_outlives_a_hold_that_follows_it(machine: Machine, network: Network) -> None:
    network.lose_primary()
    asking(machine, "hold")
    arn = machine.start(alarm_event())
    message = asked(machine)
    network.secondary_up = False
    answer(machine, message, APPROVED)
    machine.until(lambda: "NotifyHold" in machine.states(arn))
    network.secondary_up = True
    run = machine.wait(arn)
    assert run.output["outcome"] == "promoted"
    assert run.states.count("AskApproval") == 1


def test_the_second_alarm_is_a_duplicate_while_the_first_is_asking(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    asking(machine, "hold")
    first = machine.start(alarm_event())
    message = asked(machine)
    assert machine.run(alarm_event()).output == {"outcome": "duplicate", "owner": first}
    answer(machine, message, APPROVED)
    assert machine.wait(first).output["outcome"] == "promoted"


def test_a_run_stopped_while_it_asks_is_cleaned_up_and_can_be_run_by_hand(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    asking(machine, "hold")
    arn = machine.start(alarm_event())
    asked(machine)
    began = time.monotonic()
    machine.stop(arn)
    run = machine.wait(arn)
    assert run.status == "ABORTED"
    assert time.monotonic() - began < 10, "it does not wait for the deadline"
    assert janitor(machine, run) == {
        "undone": False,
        "released": True,
        "notified": True,
        "recorded": False,
    }
    assert machine.run(FAILOVER).output["outcome"] == "promoted"


def test_an_answer_that_cannot_be_read_ends_failed(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.lose_primary()
    asking(machine, "go")
    faults.always("ReadAnswer", FunctionFailed("SomeError"))
    assert_failed_notified_unlocked(machine, run_with(machine, APPROVED), "ReadAnswer")
    assert machine.active() == (PRIMARY, 1)


def test_a_meaning_that_nobody_knows_is_a_failure(
    machine: Machine, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown: Any = "perhaps"
    meaning = approval.Approval(unknown, "approved", "Ada", "", "")
    monkeypatch.setattr(approval, "read", lambda *_, **__: meaning)
    network.lose_primary()
    asking(machine, "go")
    assert_failed_notified_unlocked(machine, run_with(machine, APPROVED), "ReadAnswer")
    assert machine.active() == (PRIMARY, 1)
