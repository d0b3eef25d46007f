"""Queues: who sends, who polls, and what each message makes."""

from __future__ import annotations

import pytest
from pytest import approx

from cost import CostError

MINUTES = 730 * 60
POLLS = 5 * 730 * 3600 / 20


def test_a_queue_that_lambda_polls_costs_while_nobody_sends(repository):
    repository.add("Jobs", "AWS::SQS::Queue")
    assert repository.more() == {}, "nobody asks it"
    source = {"Fn::GetAtt": ["Jobs", "Arn"]}
    repository.add("JobsMapping", "AWS::Lambda::EventSourceMapping", EventSourceArn=source)
    assert repository.more() == {"sqs_request": approx(POLLS)}
    fewer = repository.more(assumptions={"queue_pollers": 2})
    assert fewer == {"sqs_request": approx(2 * 2 * POLLS / 5 - POLLS)}


def test_a_stream_that_lambda_reads_costs_nothing(repository):
    source = {"Fn::GetAtt": ["ItemsTable", "StreamArn"]}
    repository.add("AnotherStream", "AWS::Lambda::EventSourceMapping", EventSourceArn=source)
    assert repository.more() == {}


def test_a_message_is_received_and_deleted_and_makes_an_invocation(repository):
    repository.edit("usage.toml", "{SentinelLooks = 6}", "{SentinelLooks = 12}")
    found = repository.more()
    assert found["sqs_request"] == approx(MINUTES * (6 * 2 + 1)), "and a second batch is sent"
    assert found["lambda_request"] == approx(MINUTES * 6)


def test_messages_into_a_queue_that_nobody_polls_are_an_error(repository):
    del repository.resources["SentinelLooksMapping"]
    with pytest.raises(CostError, match="SentinelFunction sends messages to SentinelLooks"):
        repository.computed()


def test_messages_that_come_together_are_an_error(repository):
    del repository.properties("SentinelLooksMapping")["BatchSize"]
    with pytest.raises(CostError, match="SentinelLooksMapping takes several messages at once"):
        repository.computed()
