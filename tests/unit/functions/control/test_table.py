"""The control table: every kind of answer to a read and to a change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)
from pilot_light_client.control_table import ControlUnread
from pilot_light_client.table_errors import TableUnavailable
from pilotlight.control.table import ControlTable, ControlUnchanged
from pilotlight.control.transitions import TRANSITIONS

from tests.unit.functions.client.scripted import (
    CLAIMED,
    DRAINING,
    PRIMARY,
    SECONDARY,
    SERVING,
    SILENT,
    Scripted,
    error,
    row,
)

AT = "2027-01-15T09:00:00Z"
URL = "https://dynamodb.us-west-2.amazonaws.com"
CHANGED = error("ConditionalCheckFailedException")
SERVES = TRANSITIONS["serve"].after(CLAIMED, here=SECONDARY, by="run-1", at=AT)


def table(client: Scripted) -> ControlTable:
    return ControlTable(client, "control")


def serve(client: Scripted) -> object:
    return table(client).change(TRANSITIONS["serve"], CLAIMED, here=SECONDARY, by="run-1", at=AT)


# --- reads ---------------------------------------------------------------------------------------
def test_a_read_is_strong_unless_it_is_said_to_be_local() -> None:
    client = Scripted({"Item": row(SERVING)})
    assert table(client).read() == SERVING
    assert table(client).read(consistent=False) == SERVING
    assert [asked["ConsistentRead"] for _, asked in client.calls] == [True, False]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (SILENT, "no_quorum"),
        (ConnectTimeoutError(endpoint_url=URL), "no_quorum"),
        (EndpointConnectionError(endpoint_url=URL), "no_quorum"),
        (NoCredentialsError(), "unavailable"),
        (error("InternalServerError", 500), "no_quorum"),
        (error("ServiceUnavailable", 503), "no_quorum"),
        (error("SomethingNew", 502), "no_quorum"),
        (error("ThrottlingException"), "unavailable"),
        (error("AccessDeniedException"), "unavailable"),
        (error("ExpiredTokenException"), "unavailable"),
        (error("ResourceNotFoundException"), "unavailable"),
        ({}, "missing"),
        ({"Item": {"pk": {"S": "control"}}}, "invalid"),
    ],
)
def test_a_read_that_fails_says_why(answer: object, why: str) -> None:
    with pytest.raises(ControlUnread) as raised:
        table(Scripted(answer)).read()
    assert raised.value.why == why


def test_whoever_only_tries_to_read_gets_nothing_where_it_fails() -> None:
    assert table(Scripted(SILENT)).try_read() is None
    assert table(Scripted({"Item": row(SERVING)})).try_read() == SERVING


# --- changes -------------------------------------------------------------------------------------
def test_a_change_that_is_answered_is_not_read_again() -> None:
    client = Scripted({})
    assert serve(client) == SERVES
    assert client.operations == ["update_item"]
    assert client.calls[0][1]["ConditionExpression"] == "revision = :seen"


def test_a_change_that_may_not_start_is_not_sent() -> None:
    client = Scripted({})
    with pytest.raises(ControlUnchanged, match="is serving, not claimed") as raised:
        table(client).change(TRANSITIONS["serve"], SERVING, here=PRIMARY, by="run-1", at=AT)
    assert raised.value.failure == "changed"
    assert client.calls == []


@pytest.mark.parametrize(
    "answer", [SILENT, CHANGED, error("InternalServerError", 500), error("ThrottlingException")]
)
def test_a_change_whose_answer_was_lost_counts_where_a_strong_read_shows_it(
    answer: Exception,
) -> None:
    client = Scripted(update_item=[answer], get_item=[{"Item": row(SERVES)}])
    assert serve(client) == SERVES
    assert client.calls[1][1]["ConsistentRead"] is True


def test_the_same_change_by_another_is_not_this_one() -> None:
    other = replace(SERVES, changed_by="keeper us-east-2")
    with pytest.raises(ControlUnchanged) as raised:
        serve(Scripted(update_item=[SILENT], get_item=[{"Item": row(other)}]))
    assert raised.value.failure == "changed"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (CHANGED, "changed"),
        (error("ReplicatedWriteConflictException"), "conflict"),
        (SILENT, "no_quorum"),
        (error("InternalServerError", 500), "no_quorum"),
        (error("ThrottlingException"), "unknown"),
        (error("AccessDeniedException"), "unknown"),
    ],
)
def test_a_change_that_was_not_made_says_why(answer: Exception, failure: str) -> None:
    for after in ({"Item": row(CLAIMED)}, SILENT):
        with pytest.raises(ControlUnchanged) as raised:
            serve(Scripted(update_item=[answer], get_item=[after]))
        assert raised.value.failure == failure


def test_another_revision_afterwards_says_that_the_change_can_no_longer_be_made() -> None:
    later = replace(DRAINING, revision=CLAIMED.revision + 4)
    with pytest.raises(ControlUnchanged) as raised:
        serve(Scripted(update_item=[SILENT], get_item=[{"Item": row(later)}]))
    assert raised.value.failure == "changed"


# --- the first item ------------------------------------------------------------------------------
def test_a_seed_is_put_only_where_nothing_is() -> None:
    client = Scripted(put_item=[{}], get_item=[{"Item": row(SERVING)}])
    assert table(client).seed(PRIMARY, AT) == SERVING
    assert client.calls[0][1]["ConditionExpression"] == "attribute_not_exists(pk)"


def test_a_seed_leaves_what_is_there() -> None:
    client = Scripted(put_item=[CHANGED], get_item=[{"Item": row(CLAIMED)}])
    assert table(client).seed(PRIMARY, AT) == CLAIMED


def test_a_seed_that_fails_for_another_reason_is_not_taken_for_done() -> None:
    with pytest.raises(TableUnavailable, match="AccessDenied"):
        table(Scripted(put_item=[error("AccessDeniedException")])).seed(PRIMARY, AT)
