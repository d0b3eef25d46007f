"""What only a person may do, in either Region: take over, and the last resort."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client.last_resort import LastResortTable

from tests.integration.machine import (
    ACCOUNT,
    CONTROL,
    EMERGENCY_DEFINITION,
    LAST_RESORT,
    PRIMARY,
    SECONDARY,
    Inbox,
    aws_error,
    client,
    definition,
    keeper,
)

if TYPE_CHECKING:
    from tests.integration.machine import Faults, Machine, Run

OTHER = {PRIMARY: SECONDARY, SECONDARY: PRIMARY}
# Half a minute of silence, as short as every other wait of these tests.
SILENCE_MS = 300


class Emergency:
    """The emergency machine of one Region, and what it changes there. The other Region is lost."""

    def __init__(self, machine: Machine, region: str) -> None:
        self.machine, self.region, self.other = machine, region, OTHER[region]
        self.dynamodb = client("dynamodb", region)
        self.sfn = client("stepfunctions", region)
        if region == PRIMARY:
            self.dynamodb.create_table(
                TableName=LAST_RESORT,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            )
        self.inbox = machine.inbox if region == SECONDARY else Inbox(region)
        text = definition(
            EMERGENCY_DEFINITION,
            Topic=self.inbox.topic,
            Region=region,
            OtherRegion=self.other,
        )
        assert text.count(">= 30000 ") == 1
        self.arn = self.sfn.create_state_machine(
            name="pilot-light-emergency",
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/emergency",
            definition=text.replace(">= 30000 ", f">= {SILENCE_MS} "),
        )["stateMachineArn"]
        machine.seed(self.other, 2)

    @property
    def take_over(self) -> dict[str, Any]:
        sentence = f"MAKE {self.region} ACTIVE WITHOUT {self.other}"
        return {"action": "take-over", "confirm": sentence, "reason": "the other one is gone"}

    @property
    def last_resort(self) -> dict[str, Any]:
        sentence = f"LET {self.region} WRITE WITHOUT A QUORUM"
        return {"action": "last-resort", "confirm": sentence, "reason": "two Regions are gone"}

    def run(self, given: dict[str, Any]) -> Run:
        own, self.machine.sfn = self.machine.sfn, self.sfn
        try:
            return self.machine.wait(self.machine.start(given, self.arn))
        finally:
            self.machine.sfn = own

    def rows(self) -> list[str]:
        """Keys of the Region's last-resort table."""
        found = self.dynamodb.scan(TableName=LAST_RESORT)["Items"]
        return sorted(item["pk"]["S"].split("#")[0] for item in found)

    def granted(self) -> Any:
        """The last resort that is in force, as everything in this Region reads it."""
        return LastResortTable(self.dynamodb, LAST_RESORT).read()


@pytest.fixture
def primary(machine: Machine) -> Emergency:
    """The Secondary was active, and is lost."""
    return Emergency(machine, PRIMARY)


@pytest.fixture
def silence(faults: Faults) -> None:
    """The control table answers no strong read."""
    faults.always("AskTable", aws_error("InternalServerError"))


# --- taking over ----------------------------------------------------------------------------------


@pytest.mark.parametrize("region", [PRIMARY, SECONDARY])
def test_the_sentence_makes_the_region_active_past_the_lease_in_a_new_epoch(
    machine: Machine, faults: Faults, region: str
) -> None:
    here = Emergency(machine, region)
    seen: list[str] = []
    faults.call("Serve", lambda: seen.append(machine.control()["state"]))
    run = here.run(here.take_over)
    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "taken_over")
    assert run.states[2:6] == ["ReadControl", "WhoIsActive", "Claim", "WaitOutLease"]
    assert seen == ["claimed"], "nobody writes until the lease is over"
    assert machine.active() == (region, 3)
    control = machine.control()
    assert (control["state"], control["changed_by"]) == ("serving", run.arn)
    assert 800 < int(control["cooldown_until"]) - time.time() < 901
    assert run.output["epoch"] == 3
    assert any("dig +short app.pilotlight.example" in step for step in run.output["next"])
    ((event, message),) = here.inbox.notices()
    assert event == "taken_over"
    assert "the other one is gone" in message


def test_a_drain_that_the_lost_region_had_begun_is_over(
    machine: Machine, primary: Emergency
) -> None:
    machine.change("drain", by="arn:dead", move="arn:dead", drain_until=10**14)
    assert primary.run(primary.take_over).output["outcome"] == "taken_over"
    control = machine.control()
    assert control["state"] == "serving"
    assert not {"drain_until", "move"} & set(control)


WRONG: dict[str, dict[str, Any]] = {
    "nothing": {"action": None, "confirm": None, "reason": None},
    "no action": {"action": None},
    "another action": {"action": "last-resort"},
    "no sentence": {"confirm": None},
    "the other way round": {"confirm": f"MAKE {SECONDARY} ACTIVE WITHOUT {PRIMARY}"},
    "in lower case": {"confirm": f"make {PRIMARY} active without {SECONDARY}"},
    "with a space": {"confirm": f"MAKE {PRIMARY} ACTIVE WITHOUT {SECONDARY} "},
    "true": {"confirm": True},
    "a list": {"confirm": [f"MAKE {PRIMARY} ACTIVE WITHOUT {SECONDARY}"]},
    "no reason": {"reason": None},
    "a blank reason": {"reason": "  "},
    "a reason that is no text": {"reason": True},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_anything_but_the_sentence_and_a_reason_fails_and_says_what_to_write(
    machine: Machine, primary: Emergency, wrong: dict[str, Any]
) -> None:
    before = machine.control()
    given = {k: v for k, v in (primary.take_over | wrong).items() if v is not None}
    run = primary.run(given)
    assert (run.status, run.error) == ("FAILED", "InvalidExecutionInput")
    assert f'"confirm": "{primary.take_over["confirm"]}"' in run.cause
    assert f'"confirm": "{primary.last_resort["confirm"]}"' in run.cause
    assert (machine.control(), primary.rows()) == (before, [])


@pytest.mark.parametrize("state", ["serving", "draining"])
def test_where_the_region_is_active_already_nothing_is_changed(
    machine: Machine, primary: Emergency, state: str
) -> None:
    machine.seed(PRIMARY, 5, state)
    before = machine.control()
    run = primary.run(primary.take_over)
    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "already_active")
    assert (run.output["epoch"], run.output["state"]) == (5, state)
    assert machine.control() == before
    assert primary.inbox.notices() == []


def test_a_second_take_over_finds_the_first(machine: Machine, primary: Emergency) -> None:
    first = primary.run(primary.take_over)
    assert primary.run(primary.take_over).output["outcome"] == "already_active"
    assert machine.active() == (PRIMARY, 3)
    assert machine.control()["changed_by"] == first.arn


def test_a_claim_that_a_dead_run_left_is_finished_past_the_lease(
    machine: Machine, primary: Emergency
) -> None:
    machine.seed(PRIMARY, 3, "claimed", changed_by="arn:dead")
    run = primary.run(primary.take_over)
    assert (run.output["outcome"], run.output["epoch"]) == ("taken_over", 3)
    assert run.states[3:6] == ["WhoIsActive", "WaitOutLease", "Serve"]
    assert "Claim" not in run.states
    assert machine.active() == (PRIMARY, 3)
    assert machine.control()["state"] == "serving"


def test_a_claim_that_is_refused_is_made_again_on_what_is_read_then(
    machine: Machine, primary: Emergency, faults: Faults
) -> None:
    faults.call_once("Claim", lambda: machine.seed(SECONDARY, 5))
    run = primary.run(primary.take_over)
    assert run.output["outcome"] == "taken_over"
    assert (run.states.count("ReadControl"), run.states.count("Claim")) == (2, 2)
    assert machine.active() == (PRIMARY, 6)


def test_a_claim_that_another_run_here_made_first_is_finished_and_not_made_twice(
    machine: Machine, primary: Emergency, faults: Faults
) -> None:
    faults.call_once("Claim", lambda: machine.change("claim", cooldown_until=1))
    run = primary.run(primary.take_over)
    assert run.output["outcome"] == "taken_over"
    assert (run.states.count("Claim"), run.states.count("WaitOutLease")) == (1, 1)
    assert machine.active() == (PRIMARY, 3)


@pytest.mark.parametrize("state", ["Claim", "Serve"])
def test_a_write_that_was_made_and_not_answered_counts(
    machine: Machine, primary: Emergency, faults: Faults, state: str
) -> None:
    faults.lose_answer(state, aws_error("InternalServerError"))
    run = primary.run(primary.take_over)
    assert (run.output["outcome"], run.output["epoch"]) == ("taken_over", 3)
    assert (run.states.count("Claim"), run.states.count("WaitOutLease")) == (1, 1)
    assert machine.active() == (PRIMARY, 3)
    assert machine.control()["state"] == "serving"


def test_a_keeper_that_let_the_claim_serve_first_is_no_failure(
    machine: Machine, primary: Emergency, faults: Faults
) -> None:
    faults.call_once("Serve", lambda: keeper(PRIMARY).keep(60))
    assert primary.run(primary.take_over).output["outcome"] == "taken_over"
    assert machine.active() == (PRIMARY, 3)
    assert machine.control()["changed_by"] == f"keeper {PRIMARY}"


def test_a_claim_that_fails_three_times_ends_failed_and_says_who_is_active(
    machine: Machine, primary: Emergency, faults: Faults
) -> None:
    before = machine.control()
    faults.always("Claim", aws_error("AccessDeniedException"))
    run = primary.run(primary.take_over)
    assert (run.status, run.error) == ("FAILED", "ClaimNotMade")
    assert run.cause.startswith(f"{SECONDARY} is still the active Region. 3 writes")
    assert "AccessDenied" in run.cause
    assert machine.control() == before


def test_a_claim_that_cannot_serve_ends_failed_and_is_finished_by_a_keeper(
    machine: Machine, primary: Emergency, faults: Faults
) -> None:
    faults.always("Serve", aws_error("InternalServerError"))
    run = primary.run(primary.take_over)
    assert run.status == "FAILED"
    assert run.cause.startswith("The claim stands, but")
    assert machine.control()["state"] == "claimed"
    assert keeper(SECONDARY).keep(60) == "nothing"
    assert keeper(PRIMARY).keep(60) == "served"


def test_without_a_quorum_nobody_takes_over(
    machine: Machine, primary: Emergency, faults: Faults
) -> None:
    before = machine.control()
    faults.always("ReadControl", aws_error("InternalServerError"))
    run = primary.run(primary.take_over)
    assert (run.status, run.error) == ("FAILED", "NoQuorum")
    assert "docs/runbook/control-table-silent.md" in run.cause
    assert (machine.control(), primary.rows()) == (before, [])


def test_a_read_that_stumbles_is_tried_again(primary: Emergency, faults: Faults) -> None:
    faults.once("ReadControl", aws_error("InternalServerError"))
    assert primary.run(primary.take_over).output["outcome"] == "taken_over"


@pytest.mark.parametrize(
    "wrong",
    [None, {"state": {"S": "active"}}, {"revision": {"N": "9" * 38}}],
    ids=["missing", "no known state", "a huge revision"],
)
def test_an_item_that_is_missing_or_garbled_is_not_taken_for_consent(
    machine: Machine, primary: Emergency, wrong: dict[str, Any] | None
) -> None:
    item = machine.item(CONTROL, "control") | (wrong or {})
    machine.dynamodb.put_item(TableName=CONTROL, Item=item)
    if wrong is None:
        machine.dynamodb.delete_item(TableName=CONTROL, Key={"pk": {"S": "control"}})
    run = primary.run(primary.take_over)
    assert (run.status, run.error) == ("FAILED", "ControlItemMissing")
    assert "Claim" not in run.states
    assert machine.item(CONTROL, "control") == ({} if wrong is None else item)


def test_a_message_that_does_not_go_out_keeps_nobody_from_taking_over(
    machine: Machine, primary: Emergency, faults: Faults
) -> None:
    faults.always("NotifyTakenOver", aws_error("InternalErrorException"))
    assert primary.run(primary.take_over).output["outcome"] == "taken_over"
    assert machine.control()["state"] == "serving"


# --- the last resort ------------------------------------------------------------------------------


def test_a_table_that_answers_refuses_the_last_resort(machine: Machine, primary: Emergency) -> None:
    before = machine.control()
    run = primary.run(primary.last_resort)
    assert (run.status, run.error) == ("FAILED", "ControlTableAnswers")
    assert (machine.control(), primary.rows()) == (before, [])


def test_a_table_that_is_silent_for_a_moment_refuses_the_last_resort(
    primary: Emergency, faults: Faults
) -> None:
    asked: list[int] = []

    def silent_twice() -> None:
        asked.append(1)
        if len(asked) < 3:
            raise aws_error("InternalServerError")

    faults.call("AskTable", silent_twice)
    run = primary.run(primary.last_resort)
    assert (run.status, run.error) == ("FAILED", "ControlTableAnswers")
    assert (len(asked), primary.rows()) == (3, [])


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_table_that_refuses_the_question_is_not_silent(
    primary: Emergency, faults: Faults, code: str
) -> None:
    faults.always("AskTable", aws_error(code))
    run = primary.run(primary.last_resort)
    assert (run.status, run.error) == ("FAILED", "TableNotAsked")
    assert code in run.cause
    assert primary.rows() == []


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("region", [PRIMARY, SECONDARY])
def test_a_table_that_is_silent_for_half_a_minute_lets_the_region_write(
    machine: Machine, region: str
) -> None:
    here = Emergency(machine, region)
    before, began = machine.control(), time.time()
    run = here.run(here.last_resort)
    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "last_resort")
    assert time.time() - began >= SILENCE_MS / 1000
    assert run.states.count("AskTable") > 2, "asked again and again meanwhile"
    granted = here.granted()
    assert (granted.epoch, granted.by) == (2, run.arn)
    assert granted.until - time.time() == pytest.approx(3600, abs=30), "one hour unless said"
    assert run.output["until"].startswith(granted.until_text[:16])
    assert machine.control() == before, "nobody was made active"
    ((event, message),) = here.inbox.notices()
    assert event == "last_resort"
    assert f"let {region} write without a quorum" in message
    assert "two Regions are gone" in message


@pytest.mark.usefixtures("silence")
def test_the_last_resort_of_one_region_is_none_of_the_other(
    machine: Machine, primary: Emergency
) -> None:
    other = Emergency(machine, SECONDARY)
    primary.run(primary.last_resort)
    assert primary.granted() is not None
    assert (other.granted(), other.rows()) == (None, [])


@pytest.mark.usefixtures("silence")
def test_four_hours_are_the_most_and_hold_at_once(primary: Emergency) -> None:
    assert primary.run(primary.last_resort | {"hours": 4}).status == "SUCCEEDED"
    assert primary.granted().until - time.time() == pytest.approx(4 * 3600, abs=30)


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": 4.01},
        {"hours": 24},
        {"hours": 0},
        {"hours": -1},
        {"hours": "4"},
        {"hours": None},
        {"reason": " "},
        {"confirm": "LET us WRITE WITHOUT A QUORUM"},
        {"action": "take-over"},
    ],
    ids=str,
)
def test_a_last_resort_that_is_not_asked_for_rightly_is_refused(
    primary: Emergency, wrong: dict[str, Any]
) -> None:
    run = primary.run(primary.last_resort | wrong)
    assert (run.status, run.error) == ("FAILED", "InvalidExecutionInput")
    assert "at most 4 hours" in run.cause
    assert primary.rows() == []


@pytest.mark.usefixtures("silence")
def test_it_is_on_record_before_it_holds_and_the_record_stays(
    primary: Emergency, faults: Faults
) -> None:
    seen: list[list[str]] = []
    faults.call_once("GrantLastResort", lambda: seen.append(primary.rows()))
    run = primary.run(primary.last_resort)
    assert seen == [["granted"]]
    assert primary.rows() == ["granted", "last-resort"]
    (record,) = [
        item
        for item in primary.dynamodb.scan(TableName=LAST_RESORT)["Items"]
        if item["pk"]["S"].startswith("granted#")
    ]
    assert record["by"]["S"] == run.arn
    assert record["reason"]["S"] == "two Regions are gone"
    assert int(record["until"]["N"]) == primary.granted().until
    assert "keep_until" not in record


@pytest.mark.usefixtures("silence")
def test_what_cannot_be_put_on_record_is_not_granted(primary: Emergency, faults: Faults) -> None:
    faults.always("RecordLastResort", aws_error("AccessDeniedException"))
    run = primary.run(primary.last_resort)
    assert run.status == "FAILED"
    assert "Nothing was changed: it could not be put on record." in run.cause
    assert (primary.granted(), primary.rows()) == (None, [])


@pytest.mark.usefixtures("silence")
def test_a_grant_that_fails_says_where_to_look(primary: Emergency, faults: Faults) -> None:
    faults.always("GrantLastResort", aws_error("AccessDeniedException"))
    run = primary.run(primary.last_resort)
    assert run.status == "FAILED"
    assert f"Read the item last-resort of {LAST_RESORT}" in run.cause
    assert primary.granted() is None


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize("copy", ["missing", "not read"])
def test_without_an_epoch_nothing_is_granted(
    machine: Machine, primary: Emergency, faults: Faults, copy: str
) -> None:
    """A write without one could not be reconciled afterwards."""
    if copy == "missing":
        machine.dynamodb.delete_item(TableName=CONTROL, Key={"pk": {"S": "control"}})
    else:
        faults.always("ReadLocalCopy", aws_error("InternalServerError"))
    run = primary.run(primary.last_resort)
    assert run.status == "FAILED"
    assert run.cause.startswith("Nothing was changed.")
    assert primary.rows() == []


@pytest.mark.usefixtures("silence")
def test_a_last_resort_that_cannot_be_told_holds_all_the_same(
    primary: Emergency, faults: Faults
) -> None:
    faults.always("NotifyLastResort", aws_error("InternalErrorException"))
    assert primary.run(primary.last_resort).output["outcome"] == "last_resort"
    assert primary.granted() is not None


@pytest.mark.usefixtures("silence")
def test_the_first_strong_read_that_succeeds_ends_it_and_the_record_stays(
    primary: Emergency,
) -> None:
    primary.run(primary.last_resort)
    assert keeper(SECONDARY).keep(60) == "nothing"
    assert primary.granted() is not None, "the other Region's keeper has no say here"
    keeper(PRIMARY).keep(60)
    assert primary.granted() is None
    assert primary.rows() == ["granted"]
