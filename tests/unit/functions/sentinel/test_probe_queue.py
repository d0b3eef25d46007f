"""The queue of looks: what it asks of SQS, and what it makes of a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from pilotlight.sentinel.probe_queue import ProbeQueue, ProbesNotPlanned, planned_tick

from tests.unit.functions.fakes import aws_error

TICKS = [1_005_000, 1_015_000]


class Sqs:
    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, []

    def send_message_batch(self, **given: Any) -> Any:
        self.asked.append(given)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_each_look_is_a_message_that_waits_for_its_tick() -> None:
    sqs = Sqs({"Successful": [{}, {}]})
    ProbeQueue(sqs, "url").send(TICKS, 1000.2, 10)
    (asked,) = sqs.asked
    assert asked["QueueUrl"] == "url"
    assert [e["DelaySeconds"] for e in asked["Entries"]] == [5, 15]
    assert len({e["Id"] for e in asked["Entries"]}) == 2


def test_the_function_reads_the_tick_that_was_sent() -> None:
    sqs = Sqs({})
    ProbeQueue(sqs, "url").send(TICKS[:1], 1000.0, 10)
    body = sqs.asked[0]["Entries"][0]["MessageBody"]
    assert planned_tick({"Records": [{"body": body}]}, now=9.0) == TICKS[0]
    assert json.loads(body) == {"tick": TICKS[0]}


@pytest.mark.parametrize(
    "body", ["", "tick", "[]", "{}", '{"tick": null}', '{"tick": 1e400}', "[" * 100_000, None]
)
def test_a_message_that_names_no_tick_makes_a_probe_run_now(body: Any) -> None:
    assert planned_tick({"Records": [{"body": body}]}, now=9.0) == 9000


@pytest.mark.parametrize(
    "answer",
    [
        {"Successful": [{}], "Failed": [{"Id": "1015000", "Code": "InternalError"}]},
        aws_error("QueueDoesNotExist"),
        EndpointConnectionError(endpoint_url="-"),
    ],
)
def test_a_look_that_sqs_did_not_take_is_an_error(answer: Any) -> None:
    with pytest.raises(ProbesNotPlanned):
        ProbeQueue(Sqs(answer), "url").send(TICKS, 1000.0, 10)
