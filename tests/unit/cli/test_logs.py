"""The command `pilot-light logs`."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.cli.documents import document
from tests.unit.cli.made_up_pair import MACHINE, SECONDARY, error

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from tests.unit.cli.made_up_pair import Pair

EXECUTION = f"{MACHINE.replace(':stateMachine:', ':execution:')}:run-2"
FUNCTIONS = "/aws/lambda/pilot-light-recovery"


def event(pair: Pair, seconds: float, message: Any) -> dict[str, Any]:
    at = pair.now + timedelta(seconds=seconds)
    text = message if isinstance(message, str) else json.dumps(message)
    return {"timestamp": round(at.timestamp() * 1000), "message": text}


@pytest.fixture(autouse=True)
def lines(pair: Pair) -> None:
    run = {
        "executionArn": EXECUTION,
        "name": "run-2",
        "startDate": pair.now - timedelta(minutes=5),
        "stopDate": pair.now,
    }
    pair.running[MACHINE] = [run]
    step = {"level": "INFO", "service": "decide", "correlation_id": EXECUTION, "message": "Decided"}
    pair.logs = {
        FUNCTIONS: [event(pair, 2, step), event(pair, 3, {**step, "level": "ERROR"})],
        "/aws/lambda/pilot-light-sentinel": [event(pair, 0, f"Started {EXECUTION}\n")],
        "/aws/vendedlogs/states/pilot-light-failover": [
            event(
                pair,
                1,
                {
                    "type": "TaskStateEntered",
                    "details": {"name": "Decide"},
                    "execution_arn": EXECUTION,
                },
            )
        ],
    }


def test_lines_of_all_sources_are_merged_by_time(run: Callable[..., Result]) -> None:
    ended = run("logs", "run-2", "--json")
    assert ended.exit_code == 0
    found = document(ended, "logs")
    assert found["complete"]
    shown = [(line["source"], line["level"], line["message"]) for line in found["lines"]]
    assert shown == [
        ("sentinel", "", f"Started {EXECUTION}"),
        ("machine", "", "TaskStateEntered Decide"),
        ("decide", "INFO", "Decided"),
        ("decide", "ERROR", "Decided"),
    ]


def test_without_an_execution_the_newest_is_taken(run: Callable[..., Result]) -> None:
    ended = run("logs")
    assert ended.exit_code == 0
    assert ended.output.startswith("Execution run-2\n")
    assert "ERROR Decided" in ended.output


def test_an_execution_that_step_functions_has_forgotten_may_still_have_lines(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.running = {}
    assert len(document(run("logs", "run-2", "--json"), "logs")["lines"]) == 4


def test_a_source_that_cannot_be_read_is_named_and_the_others_are_shown(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.fails[SECONDARY, "filter_log_events", ""] = error("AccessDeniedException")
    ended = run("logs", "run-2")
    assert ended.exit_code == 4
    said = " ".join(ended.output.split())
    assert (
        f"Not complete. us-east-2: permission logs:FilterLogEvents on log-group:{FUNCTIONS}" in said
    )


def test_no_line_ends_with_1(run: Callable[..., Result], pair: Pair) -> None:
    pair.logs = {}
    ended = run("logs", "run-2")
    assert ended.exit_code == 1
    assert "No line was found." in ended.output


def test_without_any_execution_there_is_nothing_to_show(
    run: Callable[..., Result], pair: Pair
) -> None:
    pair.running = {}
    ended = run("logs")
    assert ended.exit_code == 1
    assert "No execution of the failover or switchover machine" in ended.output
