"""The commands that steer what starts by itself."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.cli.documents import document
from tests.unit.cli.made_up_pair import MACHINE, RECOVERIES, SECONDARY, error

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from tests.unit.cli.made_up_pair import Pair

RUN = f"{MACHINE.replace('stateMachine', 'execution')}:outage-1"
TOKEN = "AQB8" + "x" * 600
MESSAGE = """Every required condition of the failover in us-east-2 is met. Promote us-east-2?

Answer before 2026-01-31T12:10:00Z. Without an answer it does NOT promote and ends (Approval=hold).

To approve: pilot-light approve
met    outage_confirmed: 0 of 5 own probes
"""


def running(pair: Pair, *names: str) -> None:
    pair.running[MACHINE] = [
        {
            "executionArn": f"{RUN.removesuffix('outage-1')}{name}",
            "name": name,
            "startDate": pair.now,
            "status": "RUNNING",
        }
        for name in names
    ]


def waiting(pair: Pair, **changed: Any) -> None:
    running(pair, "outage-1")
    parameters = {
        "TopicArn": "arn",
        "Message": json.dumps({"default": MESSAGE, "sqs": "{}"}),
        "MessageAttributes": {"task_token": {"DataType": "String", "StringValue": TOKEN}},
    }
    scheduled = {
        "resource": "publish.waitForTaskToken",
        "parameters": json.dumps(parameters | changed),
    }
    event = {"taskScheduledEventDetails": scheduled, "timestamp": pair.now}
    pair.histories[RUN] = [
        {"type": "TaskSubmitted", "timestamp": pair.now},
        {"type": "TaskScheduled", **event},
        {"type": "TaskStateEntered", "timestamp": pair.now},
    ]


@pytest.mark.parametrize(("command", "approved"), [("approve", True), ("reject", False)])
def test_an_answer_finds_the_run_that_waits_and_its_token(
    run: Callable[..., Result], pair: Pair, command: str, approved: bool
) -> None:
    waiting(pair)
    ended = run(command, "--yes")
    assert ended.exit_code == 0, ended.output
    ((operation, given),) = pair.changes
    assert operation == "send_task_success"
    assert given["taskToken"] == TOKEN
    assert json.loads(given["output"]) == {"approved": approved, "by": "ops"}
    assert "0 of 5 own probes" in ended.output
    assert TOKEN not in ended.output, "it is a secret"


@pytest.mark.parametrize("changed", [{"MessageAttributes": {}}, {"Message": "text"}])
def test_a_request_without_a_token_or_a_text_is_none(
    run: Callable[..., Result], pair: Pair, changed: Any
) -> None:
    waiting(pair, **changed)
    assert run("approve", "--yes").exit_code == 1
    assert pair.changes == []


def test_an_answer_is_typed(run: Callable[..., Result], pair: Pair) -> None:
    waiting(pair)
    assert run("reject", typed="no\n").exit_code == 1
    assert pair.changes == []
    assert run("reject", "--by", "Ada", typed="reject\n").exit_code == 0
    assert json.loads(pair.changes[0][1]["output"])["by"] == "Ada"


def test_nothing_is_answered_where_no_run_waits(run: Callable[..., Result], pair: Pair) -> None:
    running(pair, "outage-1")
    pair.histories[RUN] = [{"type": "WaitStateEntered", "timestamp": pair.now}]
    ended = run("approve", "--yes")
    assert ended.exit_code == 1
    assert "No run waits for an answer. Runs of the failover machine: outage-1." in ended.output
    pair.running.clear()
    assert "Runs of the failover machine: none." in run("approve", "--yes").output


def test_an_answer_that_comes_too_late_is_told(run: Callable[..., Result], pair: Pair) -> None:
    waiting(pair)
    pair.fails[SECONDARY, "send_task_success", ""] = error("TaskTimedOut")
    ended = run("approve", "--yes")
    assert ended.exit_code == 1
    assert "no longer waits" in ended.output


def test_a_dry_run_of_an_answer_answers_nothing(run: Callable[..., Result], pair: Pair) -> None:
    waiting(pair)
    found = document(run("approve", "--dry-run", "--json"), "answer")
    assert found == {
        "version": 1,
        "execution": RUN,
        "answered": False,
        "approved": True,
        "by": "ops",
    }
    assert pair.changes == []


def test_a_pause_ends_by_itself_and_names_who_and_why(
    run: Callable[..., Result], pair: Pair
) -> None:
    ended = run("pause", "--for", "90m", "--reason", "network work", "--yes")
    assert ended.exit_code == 0
    ((_, given),) = pair.changes
    assert given["TableName"] == RECOVERIES
    assert given["Key"] == {"pk": {"S": "sentinel"}}
    values = given["ExpressionAttributeValues"]
    assert int(values[":paused_until"]["N"]) == pytest.approx(time.time() + 5400, abs=30)
    assert (values[":by"], values[":reason"]) == ({"S": "ops"}, {"S": "network work"})
    assert given["UpdateExpression"].startswith("SET #paused_until = :paused_until")


@pytest.mark.parametrize("text", ["25h", "2 h", "0m", "1w", "-1h", "99999999h"])
def test_a_pause_lasts_a_day_at_most(run: Callable[..., Result], pair: Pair, text: str) -> None:
    ended = run("pause", "--yes", f"--for={text}")
    assert ended.exit_code == 2
    assert "a day at most" in ended.output
    assert pair.changes == []


def test_resume_ends_a_pause_and_what_a_stop_left(run: Callable[..., Result], pair: Pair) -> None:
    found = document(run("resume", "--yes", "--json"), "automation")
    assert found["set"] == {"paused_until": None, "held_by": None}
    ((_, given),) = pair.changes
    assert given["UpdateExpression"] == "REMOVE #paused_until, #held_by"
    assert "ExpressionAttributeValues" not in given


def test_a_drill_is_announced(run: Callable[..., Result], pair: Pair) -> None:
    found = document(run("drill", "--for", "1h", "--yes", "--json"), "automation")
    assert found["set"]["drill_until"] == pytest.approx(time.time() + 3600, abs=30)
    assert found["changed"] is True


def test_a_dry_run_pauses_nothing(run: Callable[..., Result], pair: Pair) -> None:
    ended = run("pause", "--dry-run")
    assert "Nothing was changed: --dry-run." in ended.output
    assert pair.changes == []


def test_the_run_that_is_under_way_is_stopped(run: Callable[..., Result], pair: Pair) -> None:
    running(pair, "outage-1")
    ended = run("stop", "--reason", "we know of it", "--yes")
    assert ended.exit_code == 0
    assert "pilot-light resume" in ended.output
    ((operation, given),) = pair.changes
    assert operation == "stop_execution"
    assert given == {"executionArn": RUN, "error": "Stopped", "cause": "we know of it"}


def test_of_several_runs_one_has_to_be_named(run: Callable[..., Result], pair: Pair) -> None:
    running(pair, "outage-1", "outage-2")
    ended = run("stop", "--yes")
    assert ended.exit_code == 2
    assert "outage-2, outage-1" in ended.output
    assert run("stop", "outage-1", "--yes").exit_code == 0
    assert pair.changes[0][1]["executionArn"] == RUN


def test_nothing_is_stopped_where_nothing_runs(run: Callable[..., Result], pair: Pair) -> None:
    ended = run("stop", "--yes")
    assert ended.exit_code == 1
    assert "Error: Nothing runs." in ended.output
    running(pair, "outage-2")
    assert "outage-1 does not run. What runs: outage-2." in run("stop", "outage-1").output


def test_a_permission_to_stop_that_is_missing_is_named(
    run: Callable[..., Result], pair: Pair
) -> None:
    running(pair, "outage-1")
    pair.fails[SECONDARY, "stop_execution", ""] = error("AccessDeniedException")
    ended = run("stop", "--yes")
    assert ended.exit_code == 1
    assert "states:StopExecution on execution:pilot-light-failover:*" in ended.output


@pytest.mark.parametrize("command", ["approve", "reject", "pause", "resume", "drill", "stop"])
def test_explain_prints_the_change_and_makes_no_call(
    run: Callable[..., Result], pair: Pair, command: str
) -> None:
    wanted = {"stop": "stop-execution", "approve": "send-task-success"}
    wanted["reject"] = wanted["approve"]
    ended = run(command, "--explain")
    assert f"aws {'dynamodb' if command not in wanted else 'stepfunctions'} " in ended.output
    assert wanted.get(command, "update-item") in ended.output
    assert pair.asked == []
