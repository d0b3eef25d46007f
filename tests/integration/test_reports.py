"""Reports, executed: every run that ended leaves one, and none of them holds anything up."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pilotlight.shared.validation import violation

from tests.integration.machine import PRIMARY, SECONDARY, FunctionFailed, aws_error, client

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "functions" / "report" / "report.schema.json").read_text())
FAILOVER = {"mode": "failover", "reason": "test", "graceful": False}
REHEARSAL = {"mode": "rehearsal", "reason": "test"}


def files() -> dict[str, str]:
    s3, bucket = client("s3"), os.environ["BUCKET"]
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {
        k: s3.get_object(Bucket=bucket, Key=k)["Body"].read().decode()
        for k in keys
        if k.startswith("reports/")
    }


def written(execution: str) -> dict[str, Any]:
    """The one report of an execution, valid, with its page beside it."""
    name = execution.rsplit(":", 1)[-1]
    mine = {k: text for k, text in files().items() if name in k}
    assert sorted(k.rsplit("/", 1)[-1] for k in mine) == ["report.html", "report.json"]
    (found,) = [json.loads(text) for k, text in mine.items() if k.endswith(".json")]
    assert violation(found, SCHEMA) is None
    return found


def test_a_failover_leaves_a_report_and_the_message_says_where(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    run = machine.run(FAILOVER)
    found = written(run.arn)
    assert (found["kind"], found["outcome"], found["verdict"]) == ("failover", "promoted", "pass")
    assert found["control"]["before"]["active_region"] == PRIMARY
    assert found["control"]["after"] == {
        "active_region": SECONDARY,
        "epoch": 2,
        "state": "serving",
    }
    assert found["rto_seconds"] is not None
    assert {s["name"] for s in found["stages"]} >= {"decision", "promotion", "traffic"}
    assert run.output["report"].startswith(f"s3://{os.environ['BUCKET']}/reports/failover/")
    assert f"Report: {run.output['report']}report.html" in machine.notices()[-1][1]


def test_a_rehearsal_leaves_a_report_with_its_verdict(machine: Machine, network: Network) -> None:
    assert written(machine.run(REHEARSAL).arn)["verdict"] == "pass"
    network.secondary_up = False
    found = written(machine.run(REHEARSAL).arn)
    assert (found["verdict"], found["outcome"]) == ("fail", "held")
    failed = [c["name"] for c in found["checks"] if c["required"] and not c["passed"]]
    assert failed == ["secondary_ready", "conforms_to_level"]


def test_a_hold_that_ended_and_a_promotion_found_leave_reports(machine: Machine) -> None:
    assert written(machine.run(FAILOVER).arn)["outcome"] == "held"
    machine.seed(SECONDARY, 2)
    machine.dynamodb.put_item(
        TableName="pilot-light-recoveries", Item={"pk": {"S": "recovery#2"}, "x": {"S": "y"}}
    )
    assert written(machine.run(FAILOVER).arn)["outcome"] == "already_promoted"


@pytest.mark.parametrize("state", ["AcquireLock", "ReadControl", "Claim", "ConfirmTraffic"])
def test_a_failure_leaves_a_report_of_what_was_seen_until_then(
    machine: Machine, network: Network, faults: Faults, state: str
) -> None:
    network.lose_primary()
    failed = FunctionFailed("SomeError") if state == "ConfirmTraffic" else aws_error("Denied")
    faults.always(state, failed)
    run = machine.run(FAILOVER)
    assert run.status == "FAILED"
    found = written(run.arn)
    assert (found["verdict"], found["failure"]["step"]) == ("fail", state)
    assert found["control"]["after"] is None


def test_a_rehearsal_that_failed_leaves_a_report(machine: Machine, faults: Faults) -> None:
    faults.always("RehearseClaim", aws_error("Denied"))
    assert written(machine.run(REHEARSAL).arn)["verdict"] == "fail"


def test_a_report_of_a_failure_that_cannot_be_written_changes_nothing_of_it(
    machine: Machine, faults: Faults
) -> None:
    faults.always("ReadControl", aws_error("Denied"))
    faults.always("WriteReport", FunctionFailed("SomeError"))
    run = machine.run(FAILOVER)
    assert run.cause.startswith("ReadControl: ")
    assert machine.lock() == {}
    assert files() == {}


def test_a_report_that_cannot_be_written_is_not_told_of(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.lose_primary()
    faults.always("WriteReport", FunctionFailed("SomeError"))
    run = machine.run(FAILOVER)
    assert (run.output["outcome"], run.output["report"]) == ("promoted", "")
    assert "Report:" not in machine.notices()[-1][1]


@pytest.mark.parametrize(
    "given", [{"mode": "panic", "reason": "x"}, {"mode": "rehearsal"}, {"mode": "failover"}]
)
def test_an_input_that_nobody_could_read_leaves_no_report(
    machine: Machine, given: dict[str, Any]
) -> None:
    assert machine.run(given).status == "FAILED"
    assert files() == {}
