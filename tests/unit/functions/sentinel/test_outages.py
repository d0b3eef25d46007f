"""The outage in the recoveries table, and the machine that is started for it once an attempt."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pilotlight.sentinel.level import Outage
from pilotlight.sentinel.outages import Outages

from tests.unit.functions.fakes import RECOVERIES, aws_error

MACHINE = "arn:aws:states:us-east-2:123456789012:stateMachine:pilot-light-failover"
RUN = "arn:aws:states:us-east-2:123456789012:execution:pilot-light-failover:"
FIRST, LATER = "2026-01-31T12:00:05.000Z", "2026-02-01T12:00:05.000Z"


class StepFunctions:
    """Executions by their ARNs, and what was started."""

    def __init__(self) -> None:
        self.running: set[str] = set()
        self.started: list[dict[str, Any]] = []
        self.silent = False

    def start_execution(self, **given: Any) -> None:
        if given["name"] in [s["name"] for s in self.started]:
            raise aws_error("ExecutionAlreadyExists")
        self.started.append(given)

    def describe_execution(self, executionArn: str) -> dict[str, str]:
        if self.silent:
            raise aws_error("InternalServerError")
        return {"status": "RUNNING" if executionArn in self.running else "SUCCEEDED"}


@pytest.fixture
def stepfunctions() -> StepFunctions:
    return StepFunctions()


@pytest.fixture
def outages(moto_client: Any, stepfunctions: StepFunctions) -> Outages:
    for key in ("outage", "lock"):
        moto_client.delete_item(TableName=RECOVERIES, Key={"pk": {"S": key}})
    return Outages(moto_client, stepfunctions, RECOVERIES, MACHINE)


def put(client: Any, key: str, **values: str | int) -> None:
    item = {k: {"N" if isinstance(v, int) else "S": str(v)} for k, v in values.items()}
    client.put_item(TableName=RECOVERIES, Item={"pk": {"S": key}, **item})


def test_of_a_new_outage_nothing_is_kept(outages: Outages) -> None:
    outages.start(outages.current(FIRST))
    assert outages.current(LATER) == Outage(LATER)


def test_a_start_is_kept_and_the_next_attempt_has_another_name(
    outages: Outages, stepfunctions: StepFunctions
) -> None:
    assert outages.start(outages.current(FIRST)) == f"{RUN}20260131T120005000Z-1"
    kept = outages.current(FIRST)
    assert (kept.attempts, kept.execution) == (1, f"{RUN}20260131T120005000Z-1")
    outages.start(kept)
    assert outages.current(FIRST).attempts == 2
    assert [s["name"] for s in stepfunctions.started] == [
        *("20260131T120005000Z-1", "20260131T120005000Z-2")
    ]
    assert json.loads(stepfunctions.started[0]["input"])["outage"]["attempt"] == 1


def test_an_attempt_that_was_started_and_not_kept_is_kept_by_the_next_look(
    outages: Outages, stepfunctions: StepFunctions
) -> None:
    outage = outages.current(FIRST)
    outages.start(outage)
    outages.start(outage)
    assert len(stepfunctions.started) == 1
    assert outages.current(FIRST).attempts == 1


def test_any_other_refusal_is_an_error_and_keeps_nothing(
    outages: Outages, stepfunctions: StepFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: Any) -> None:
        raise aws_error("ThrottlingException")

    monkeypatch.setattr(stepfunctions, "start_execution", refused)
    with pytest.raises(ClientError):
        outages.start(Outage(FIRST))
    assert outages.current(FIRST) == Outage(FIRST)


def test_a_new_outage_begins_anew(outages: Outages, moto_client: Any) -> None:
    notified = {"notified_step": "Decide", "notified_at": 1}
    put(moto_client, "outage", first_failed_at=FIRST, attempts=9, **notified)
    outages.start(outages.current(LATER))
    found = moto_client.get_item(TableName=RECOVERIES, Key={"pk": {"S": "outage"}})["Item"]
    assert set(found) == {"pk", "first_failed_at", "attempts", "last_started_at", "execution"}


@pytest.mark.parametrize(
    ("mode", "status", "at_work"),
    [
        ("failover", "running", True),
        ("drill", "running", True),
        ("rehearsal", "running", False),
        ("failover", "ended", False),
    ],
)
def test_who_holds_the_lock_is_at_work_if_it_runs_and_is_no_rehearsal(
    outages: Outages,
    stepfunctions: StepFunctions,
    moto_client: Any,
    mode: str,
    status: str,
    at_work: bool,
) -> None:
    put(moto_client, "lock", owner=f"{RUN}a", mode=mode, expires_at=int(time.time()) + 900)
    stepfunctions.running = {f"{RUN}a"} if status == "running" else set()
    assert outages.is_at_work(Outage(FIRST)) is at_work


@pytest.mark.parametrize(("left", "at_work"), [(900, True), (-1, False)])
def test_where_nobody_says_whether_it_runs_the_lock_s_expiry_counts(
    outages: Outages, stepfunctions: StepFunctions, moto_client: Any, left: int, at_work: bool
) -> None:
    put(moto_client, "lock", owner=f"{RUN}a", mode="drill", expires_at=int(time.time()) + left)
    stepfunctions.silent = True
    assert outages.is_at_work(Outage(FIRST)) is at_work


def test_the_last_run_that_was_started_is_at_work_before_it_holds_the_lock(
    outages: Outages, stepfunctions: StepFunctions
) -> None:
    outages.start(Outage(FIRST))
    outage = outages.current(FIRST)
    assert not outages.is_at_work(outage)
    stepfunctions.running = {str(outage.execution)}
    assert outages.is_at_work(outage)


def test_an_item_that_cannot_be_read_holds_up_nothing(outages: Outages, moto_client: Any) -> None:
    put(moto_client, "outage", first_failed_at=FIRST, attempts="many", last_started_at="lately")
    put(moto_client, "lock", owner="somebody", expires_at="soon")
    outage = outages.current(FIRST)
    assert outage.due(datetime.now(UTC))
    assert not outages.is_at_work(outage)
    outages.start(outage)
    assert outages.current(FIRST).attempts == 1
