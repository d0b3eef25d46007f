"""Rehearsals, executed: every verdict, what is kept of it, and that nothing has to wait for one."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from items.item import item_key
from pilot_light_client import timestamps, ulid
from pilotlight.readiness import conformance

from tests import journaled
from tests.integration.machine import (
    ITEMS,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    FunctionFailed,
    aws_error,
    definition,
)
from tests.integration.test_failures import janitor

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine, Run

FAILOVER = {"mode": "failover", "reason": "test", "graceful": False}
REHEARSAL = {"mode": "rehearsal", "reason": "test"}
SCHEDULED = {"mode": "rehearsal", "reason": "weekly rehearsal", "scheduled": True}


def newest(machine: Machine) -> dict[str, str]:
    return {k: v["S"] for k, v in machine.item(RECOVERIES, "rehearsal").items()}


def kept(machine: Machine) -> list[dict[str, str]]:
    rows = [pk for pk in machine.rows(RECOVERIES) if pk.startswith("rehearsal#")]
    return [
        {k: str(next(iter(v.values()))) for k, v in machine.item(RECOVERIES, pk).items()}
        for pk in rows
    ]


def assert_verdict(machine: Machine, run: Run, verdict: str) -> dict[str, str]:
    """The verdict is on record as the newest, and kept with what it rests on."""
    found = newest(machine)
    assert (found["verdict"], found["execution"]) == (verdict, run.arn)
    of_run = [row for row in kept(machine) if row["execution"] == run.arn]
    assert [row["verdict"] for row in of_run] == [verdict]
    assert of_run[0]["pk"] == f"rehearsal#{found['started_at']}"
    assert machine.lock() == {}
    assert machine.active() == (PRIMARY, 1)
    days = (int(of_run[0]["keep_until"]) - time.time()) / 86400
    assert days == pytest.approx(400, abs=0.1), "it expires"
    assert "keep_until" not in found, "when one last passed never does"
    return of_run[0]


# --- verdicts -------------------------------------------------------------------------------------
def test_a_rehearsal_in_which_all_would_have_worked_passes(machine: Machine) -> None:
    run = machine.run(REHEARSAL)
    assert (run.output["outcome"], run.output["verdict"]) == ("rehearsed", "PASS")
    found = assert_verdict(machine, run, "PASS")
    assert newest(machine)["last_pass_at"] == newest(machine)["at"]
    assert json.loads(found["evidence"])["confirm"]["verdict"] == "healthy"
    assert json.loads(found["decision"])["verdict"] == "PASS"
    assert set(json.loads(found["timeline"])) == {"started_at", "decided_at", "rehearsed_at"}


# --- the forecast of the RTO ----------------------------------------------------------------------
def test_a_rehearsal_forecasts_the_rto_from_its_own_seconds(machine: Machine) -> None:
    run = machine.run(REHEARSAL)
    found = assert_verdict(machine, run, "PASS")
    forecast = json.loads(found["forecast"])
    assert 30 < forecast["reads"]["p50"] <= forecast["reads"]["p99"] <= forecast["writes"]["p99"]
    assert newest(machine)["forecast"] == found["forecast"]
    assert found["rto_target"] == "60"


def test_a_forecast_that_cannot_be_made_is_unknown_and_the_rehearsal_passes(
    machine: Machine, faults: Faults
) -> None:
    faults.always("ForecastRto", FunctionFailed("SomeError"))
    found = assert_verdict(machine, machine.run(REHEARSAL), "PASS")
    assert json.loads(found["forecast"]) == {"unknown": "the forecast failed: SomeError"}


def test_a_rehearsal_that_was_not_to_promote_forecasts_nothing(
    machine: Machine, network: Network
) -> None:
    machine.run(REHEARSAL)
    network.secondary_up = False
    machine.run(REHEARSAL)
    forecast = json.loads(newest(machine)["forecast"])
    assert forecast == {"unknown": "the rehearsal did not reach the promotion's write"}


def test_a_recovery_keeps_the_target_of_its_day(machine: Machine, network: Network) -> None:
    network.lose_primary()
    assert machine.run(FAILOVER).output["outcome"] == "promoted"
    assert machine.record(2)["rto_target"] == {"N": "60"}


# --- the declared level ---------------------------------------------------------------------------
def user_writes(machine: Machine, item_id: str, text: str = "tea") -> None:
    """What the Primary wrote, as the Secondary holds it."""
    journaled.write(
        machine.dynamodb,
        item_id,
        text,
        region=PRIMARY,
        epoch=1,
        write_id=ulid.new(),
        at=timestamps.now(),
    )


def test_a_rehearsal_says_that_the_latest_writes_are_journaled(machine: Machine) -> None:
    user_writes(machine, "a")
    user_writes(machine, "a", "more")
    user_writes(machine, "a", "")
    run = machine.run(REHEARSAL)
    assert run.output["verdict"] == "PASS"
    ((_, message),) = machine.notices()
    assert f"{ITEMS}: 3 writes were looked at in its stream here" in message
    assert "3 have their entry in the journal here" in message


def test_where_nobody_wrote_a_rehearsal_passes_and_says_what_is_not_shown(machine: Machine) -> None:
    run = machine.run(REHEARSAL)
    assert run.output["verdict"] == "PASS"
    ((_, message),) = machine.notices()
    assert f"{ITEMS}: no write was seen in its stream here" in message
    assert "That the application keeps its journal is not shown" in message


def put_past_the_journal(machine: Machine) -> None:
    machine.dynamodb.put_item(TableName=ITEMS, Item={**item_key("past"), "text": {"S": "tea"}})


def update_past_the_journal(machine: Machine) -> None:
    user_writes(machine, "past")
    machine.dynamodb.update_item(
        TableName=ITEMS,
        Key=item_key("past"),
        UpdateExpression="SET #text = :text",
        ExpressionAttributeNames={"#text": "text"},
        ExpressionAttributeValues={":text": {"S": "coffee"}},
    )


def delete_past_the_journal(machine: Machine) -> None:
    user_writes(machine, "past")
    machine.dynamodb.delete_item(TableName=ITEMS, Key=item_key("past"))


PAST_THE_JOURNAL = {
    put_past_the_journal: "was written without the mark pilot_light",
    update_past_the_journal: "was changed, and its mark pilot_light was not",
    delete_past_the_journal: "was removed without a tombstone",
}


@pytest.mark.parametrize("writes", PAST_THE_JOURNAL, ids=lambda writes: writes.__name__)
def test_one_write_past_the_journal_fails_the_rehearsal_by_name_and_holds_no_failover(
    machine: Machine, network: Network, writes: Any
) -> None:
    user_writes(machine, "good")
    writes(machine)
    run = machine.run(REHEARSAL)
    assert (run.output["outcome"], run.output["verdict"]) == ("held", "FAIL")
    assert run.output["decision"]["unmet"] == ["conforms_to_level"]
    found = assert_verdict(machine, run, "FAIL")
    assert found["summary"].startswith(
        "The application is not what its contract declares. No failover holds for that. "
    )
    ((_, message),) = machine.notices()
    assert f"1 of {2 if writes is put_past_the_journal else 3} writes are not journaled" in message
    assert f"{journaled.ref('past')} at " in message
    assert PAST_THE_JOURNAL[writes] in message
    network.lose_primary()
    assert machine.run(FAILOVER).output["outcome"] == "promoted"


def test_a_stream_that_does_not_answer_leaves_the_rehearsal_inconclusive(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = Mock(describe_stream=Mock(side_effect=aws_error("InternalServerError")))
    monkeypatch.setattr(conformance, "streams_client", lambda: streams)
    found = assert_verdict(machine, machine.run(REHEARSAL), "INCONCLUSIVE")
    assert "conforms_to_level: fence: " in found["summary"]
    assert "journal: TableUnavailable: ClientError: " in found["summary"]


def test_people_are_told_the_verdict(machine: Machine) -> None:
    machine.run(REHEARSAL)
    ((event, message),) = machine.notices()
    assert event == "rehearsed"
    assert "Verdict: PASS." in message


def test_an_unready_secondary_fails_the_rehearsal(machine: Machine, network: Network) -> None:
    network.secondary_up = False
    run = machine.run(REHEARSAL)
    assert (run.output["outcome"], run.output["verdict"]) == ("held", "FAIL")
    found = assert_verdict(machine, run, "FAIL")
    assert "endpoint" in found["summary"]
    assert "last_pass_at" not in newest(machine)


@pytest.mark.parametrize(
    ("state", "outcome"), [("VerifyReadiness", "held"), ("ConfirmOutage", "rehearsed")]
)
def test_a_question_that_got_no_answer_leaves_the_rehearsal_inconclusive(
    machine: Machine, faults: Faults, state: str, outcome: str
) -> None:
    faults.always(state, FunctionFailed("SomeError"))
    run = machine.run(REHEARSAL)
    assert (run.output["outcome"], run.output["verdict"]) == (outcome, "INCONCLUSIVE")
    found = assert_verdict(machine, run, "INCONCLUSIVE")
    assert found["summary"].startswith("Nothing is proven.")


def test_a_beacon_that_is_mute_leaves_the_rehearsal_inconclusive(
    machine: Machine, network: Network
) -> None:
    network.beacon = "unknown"
    assert_verdict(machine, machine.run(REHEARSAL), "INCONCLUSIVE")


def test_a_rehearsal_of_what_is_active_already_proves_nothing(machine: Machine) -> None:
    machine.seed(SECONDARY, 2)
    run = machine.run(REHEARSAL)
    assert (run.output["outcome"], run.output["verdict"]) == ("already_promoted", "INCONCLUSIVE")
    assert newest(machine)["verdict"] == "INCONCLUSIVE"


def test_a_promotion_s_write_that_is_refused_otherwise_fails_the_rehearsal(
    machine: Machine, faults: Faults
) -> None:
    faults.always("RehearseClaim", aws_error("AccessDeniedException"))
    run = machine.run(REHEARSAL)
    assert (run.status, run.error) == ("FAILED", "RecoveryFailed")
    found = assert_verdict(machine, run, "FAIL")
    assert found["summary"].startswith("RehearseClaim: ")
    assert json.loads(found["evidence"])["readiness"]["verdict"] == "ready"


@pytest.mark.parametrize("state", ["Intake", "AcquireLock", "ReadControl", "Decide"])
def test_a_machine_that_fails_fails_the_rehearsal(
    machine: Machine, faults: Faults, state: str
) -> None:
    failed = FunctionFailed("SomeError") if state in ("Intake", "Decide") else aws_error("Denied")
    faults.always(state, failed)
    run = machine.run(REHEARSAL)
    assert run.status == "FAILED"
    if state == "Intake":
        assert newest(machine) == {}, "nobody knows that it was one"
    else:
        assert_verdict(machine, run, "FAIL")


def test_an_answer_without_a_verdict_is_no_pass(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.integration import conftest

    answer = {"action": "rehearse", "summary": "well", "conditions": []}
    monkeypatch.setattr(conftest.loaded("decide"), "lambda_handler", lambda *_: answer)
    assert_verdict(machine, machine.run(REHEARSAL), "INCONCLUSIVE")


# --- what is kept ---------------------------------------------------------------------------------
def test_a_later_failure_does_not_forget_the_last_pass(machine: Machine, network: Network) -> None:
    machine.run(REHEARSAL)
    passed = newest(machine)["last_pass_at"]
    network.secondary_up = False
    machine.run(REHEARSAL)
    assert (newest(machine)["verdict"], newest(machine)["last_pass_at"]) == ("FAIL", passed)
    assert [row["verdict"] for row in kept(machine)] == ["PASS", "FAIL"]


def test_a_machine_that_fails_later_does_not_forget_the_last_pass(
    machine: Machine, faults: Faults
) -> None:
    machine.run(REHEARSAL)
    passed = newest(machine)["last_pass_at"]
    faults.always("RehearseClaim", aws_error("AccessDeniedException"))
    machine.run(REHEARSAL)
    assert (newest(machine)["verdict"], newest(machine)["last_pass_at"]) == ("FAIL", passed)


@pytest.mark.parametrize("state", ["KeepRehearsal", "RecordRehearsal"])
def test_a_rehearsal_that_cannot_be_recorded_fails_as_a_recovery_would(
    machine: Machine, faults: Faults, state: str
) -> None:
    def fail() -> None:
        """Fail until the failure itself is recorded, by the same state."""
        if "EndFailed" not in machine.states(machine.newest()):
            raise aws_error("AccessDeniedException")

    faults.call(state, fail)
    run = machine.run(REHEARSAL)
    assert run.cause.startswith(f"{state}: ")
    assert_verdict(machine, run, "FAIL")
    assert [event for event, _ in machine.notices()] == ["failed"]


def test_a_failure_that_cannot_be_recorded_is_still_told_and_the_lock_is_free(
    machine: Machine, faults: Faults
) -> None:
    for state in ("RehearseClaim", "KeepRehearsal", "RecordRehearsal"):
        faults.always(state, aws_error("AccessDeniedException"))
    run = machine.run(REHEARSAL)
    assert run.cause.startswith("RehearseClaim: ")
    assert machine.rows(RECOVERIES) == []
    assert [event for event, _ in machine.notices()] == ["failed"]


def test_an_older_rehearsal_that_ends_late_does_not_overwrite_the_newer_verdict(
    machine: Machine,
) -> None:
    newer = {"pk": "rehearsal", "verdict": "FAIL", "at": "9", "started_at": "9999"}
    machine.dynamodb.put_item(TableName=RECOVERIES, Item={k: {"S": v} for k, v in newer.items()})
    assert machine.run(REHEARSAL).output["verdict"] == "PASS"
    assert newest(machine) == newer
    assert [row["verdict"] for row in kept(machine)] == ["PASS"]


REQUESTS = {
    "failover": FAILOVER,
    "drill": {"mode": "drill", "reason": "test"},
    "rehearsal": {"mode": "rehearsal", "reason": "test"},
}


@pytest.mark.parametrize("mode", ["failover", "drill"])
def test_what_is_no_rehearsal_leaves_no_verdict(machine: Machine, mode: str) -> None:
    run = machine.run(REQUESTS[mode])
    assert (run.output["outcome"], run.output["verdict"]) == ("held", None)
    assert machine.rows(RECOVERIES) == []


def test_the_record_of_a_recovery_never_expires(machine: Machine, network: Network) -> None:
    network.lose_primary()
    assert machine.run(FAILOVER).output["outcome"] == "promoted"
    assert "keep_until" not in machine.record(2)


# --- by schedule ----------------------------------------------------------------------------------
def test_a_scheduled_rehearsal_runs(machine: Machine) -> None:
    assert_verdict(machine, machine.run(SCHEDULED), "PASS")
    assert kept(machine)[0]["trigger"] == "schedule"


# --- a rehearsal keeps nobody waiting -------------------------------------------------------------
def lock(mode: str | None) -> dict[str, Any]:
    of = {"mode": {"S": mode}} if mode else {}
    until = {"N": str(int(time.time()) + 600)}
    return {"pk": {"S": "lock"}, "owner": {"S": "arn:other"}, "expires_at": until, **of}


@pytest.mark.parametrize(
    ("holder", "comes", "outcome"),
    [
        ("rehearsal", "failover", "promoted"),
        ("rehearsal", "drill", "promoted"),
        ("rehearsal", "rehearsal", "duplicate"),
        ("failover", "rehearsal", "duplicate"),
        ("failover", "failover", "duplicate"),
        (None, "failover", "duplicate"),
    ],
)
def test_only_a_rehearsal_s_lock_yields_and_only_to_what_is_none(
    machine: Machine, network: Network, holder: str | None, comes: str, outcome: str
) -> None:
    network.lose_primary()
    machine.dynamodb.put_item(TableName=RECOVERIES, Item=lock(holder))
    assert machine.run(REQUESTS[comes]).output["outcome"] == outcome


def test_a_rehearsal_whose_lock_was_taken_leaves_it_alone(machine: Machine, faults: Faults) -> None:
    taken = lock("failover")

    def take_it() -> None:
        machine.dynamodb.put_item(TableName=RECOVERIES, Item=taken)

    faults.call("RehearseClaim", take_it)
    assert machine.run(REHEARSAL).output["verdict"] == "PASS"
    assert machine.lock() == taken


# --- one that is cut off --------------------------------------------------------------------------
def stopped_in(machine: Machine, faults: Faults, state: str) -> Run:
    """A rehearsal that a person stops while it is in a state."""

    def stop() -> None:
        (found,) = machine.sfn.list_executions(stateMachineArn=machine.arn, statusFilter="RUNNING")[
            "executions"
        ]
        machine.stop(found["executionArn"])

    faults.call(state, stop)
    return machine.run(REHEARSAL)


@pytest.mark.parametrize("state", ["ConfirmOutage", "RehearseClaim"])
def test_a_rehearsal_that_is_stopped_proves_nothing_and_leaves_the_last_pass(
    machine: Machine, faults: Faults, state: str
) -> None:
    machine.run(REHEARSAL)
    passed = newest(machine)["last_pass_at"]
    run = stopped_in(machine, faults, state)
    machine.until(lambda: machine.lock())
    assert newest(machine)["verdict"] == "PASS", "nobody has told yet"
    done = janitor(machine, run)
    assert (done["released"], done["recorded"]) == (True, True)
    found = assert_verdict(machine, run, "INCONCLUSIVE")
    assert (found["outcome"], found["reason"]) == ("stopped", "test")
    assert newest(machine)["last_pass_at"] == passed


def test_a_rehearsal_that_times_out_proves_nothing(machine: Machine, faults: Faults) -> None:
    short = json.loads(definition(Topic=machine.topic))
    # Long enough for the states before, on a loaded machine too: the timeout has to strike here.
    short["TimeoutSeconds"] = 4
    machine.arn = machine.deploy(json.dumps(short), "pilot-light-failover-short")
    faults.call("RehearseClaim", lambda: time.sleep(4.5))
    run = machine.run(REHEARSAL)
    assert run.status == "TIMED_OUT"
    janitor(machine, run)
    assert assert_verdict(machine, run, "INCONCLUSIVE")["outcome"] == "timed_out"


def test_a_rehearsal_that_is_stopped_after_its_verdict_keeps_it(
    machine: Machine, faults: Faults
) -> None:
    run = stopped_in(machine, faults, "ReleaseLock")
    machine.until(lambda: newest(machine))
    assert janitor(machine, run)["recorded"] is False
    assert [row["verdict"] for row in kept(machine)] == ["PASS"]
    assert newest(machine)["verdict"] == "PASS"
