"""Each step names the execution in its log lines, and answers warm pings."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from pilot_light_client.warm_ping import ping
from pilotlight.shared.recovery_step import recovery_step

from tests.handlers import context

ARN = "arn:aws:states:us-east-2:123456789012:execution:pilot-light-failover:one"


class Step:
    """A step that logs one line."""

    def __init__(self, **given: Any) -> None:
        self.lines = io.StringIO()
        logger = Logger(service=str(uuid.uuid4()), level="INFO", stream=self.lines)

        @recovery_step(logger, **given)
        def handler(event: Any, _context: Any) -> Any:
            logger.info("Done")
            return event

        self.handler = handler

    def logged(self) -> list[Any]:
        return [
            json.loads(line).get("correlation_id")
            for line in self.lines.getvalue().split("\n")
            if line
        ]


def test_a_step_names_the_execution_in_its_log() -> None:
    step = Step()
    step.handler({"execution": ARN}, context())
    assert step.logged() == [ARN]


def test_the_next_call_of_the_same_environment_names_its_own() -> None:
    step = Step()
    for name in ("one", "two"):
        step.handler({"execution": name}, context())
    step.handler({}, context())
    assert step.logged() == ["one", "two", None]


def test_an_event_may_hold_the_execution_elsewhere() -> None:
    step = Step(execution="detail.executionArn")
    step.handler({"detail": {"executionArn": ARN}}, context())
    assert step.logged() == [ARN]


@pytest.mark.parametrize("event", [None, [], "text"])
def test_an_event_that_is_no_object_reaches_the_handler(event: Any) -> None:
    assert Step().handler(event, context()) == event


def test_a_warm_ping_is_answered_before_anything_is_logged() -> None:
    step = Step()
    assert set(step.handler(ping(0), context())) == {"environment"}
    assert step.logged() == []
