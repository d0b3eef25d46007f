"""What DynamoDB's errors mean, and that every call to a table is translated."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from pilot_light_client.conditional_write import write
from pilot_light_client.table_errors import TableUnavailable, meaning_of, translated

from tests.unit.functions.fakes import aws_error

URL = "https://dynamodb.us-west-2.amazonaws.com"
ROOT = Path(__file__).parents[4]
SHIPPED = [
    file
    for tree in ("functions", "clients/python/src", "app/src")
    for file in sorted((ROOT / tree).rglob("*.py"))
]
# What the functions call of DynamoDB.
CALLS = {
    *("get_item", "put_item", "update_item", "delete_item", "query", "batch_get_item"),
    *("batch_write_item", "transact_write_items", "get_paginator"),
}


def cancelled(*codes: str) -> ClientError:
    return aws_error(
        "TransactionCanceledException", CancellationReasons=[{"Code": c} for c in codes]
    )


def retried(error: ClientError) -> ClientError:
    error.response["ResponseMetadata"] = {"RetryAttempts": 1}  # type: ignore[typeddict-item]
    return error


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (aws_error("ConditionalCheckFailedException"), "condition"),
        (cancelled("None", "ConditionalCheckFailed"), "condition"),
        (cancelled("ThrottlingError", "ConditionalCheckFailed"), "condition"),
        (cancelled("TransactionConflict", "None"), "conflict"),
        (aws_error("ReplicatedWriteConflictException"), "conflict"),
        (aws_error("ThrottlingException"), "throttled"),
        (aws_error("ProvisionedThroughputExceededException"), "throttled"),
        (cancelled("ProvisionedThroughputExceeded"), "throttled"),
        (aws_error("AccessDeniedException"), "refused"),
        (aws_error("ExpiredTokenException"), "refused"),
        (aws_error("ValidationException"), "refused"),
        (NoCredentialsError(), "refused"),
        (aws_error("InternalServerError"), "unanswered"),
        (aws_error("ServiceUnavailable"), "unanswered"),
        (aws_error("TransactionInProgressException"), "unanswered"),
        (aws_error("TransactionCanceledException"), "unanswered"),
        (aws_error("NobodyKnows"), "unanswered"),
        (aws_error(""), "unanswered"),
        (ClientError({}, "GetItem"), "unanswered"),
        (cancelled("NobodyKnows"), "unanswered"),
        (ConnectTimeoutError(endpoint_url=URL), "unanswered"),
        (ReadTimeoutError(endpoint_url=URL), "unanswered"),
        (ConnectionClosedError(endpoint_url=URL), "unanswered"),
        (EndpointConnectionError(endpoint_url=URL), "unanswered"),
        (BotoCoreError(), "unanswered"),
        (retried(aws_error("ThrottlingException")), "unanswered"),
        (retried(aws_error("ExpiredTokenException")), "unanswered"),
        (retried(aws_error("ConditionalCheckFailedException")), "condition"),
        (retried(ClientError({"Error": {"Code": "ThrottlingException"}}, "GetItem")), "throttled"),
    ],
    ids=str,
)
def test_every_error_has_a_meaning_and_what_nobody_knows_is_unanswered(
    error: Any, meaning: str
) -> None:
    assert meaning_of(error) == meaning
    with pytest.raises(TableUnavailable) as raised, translated():
        raise error
    assert (raised.value.meaning, raised.value.__cause__) == (meaning, error)


def test_an_error_of_our_own_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError


def test_a_condition_that_is_not_met_is_an_answer() -> None:
    def refuses(**_: Any) -> None:
        raise aws_error("ConditionalCheckFailedException")

    assert write(refuses) is False
    assert write(lambda **_: None) is True


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerError", "NobodyKnows"])
def test_a_conditional_write_that_fails_otherwise_is_an_error(code: str) -> None:
    def fails(**_: Any) -> None:
        raise aws_error(code)

    with pytest.raises(TableUnavailable):
        write(fails)


def untranslated(tree: ast.AST, *, inside: bool = False) -> list[str]:
    """Return the calls to a table that lie in no `with translated()`."""
    if isinstance(tree, ast.With):
        names = {ast.unparse(item.context_expr) for item in tree.items}
        inside = inside or "translated()" in names
    found = []
    call = tree.func if isinstance(tree, ast.Call) else None
    if isinstance(call, ast.Attribute) and call.attr in CALLS and not inside:
        found.append(f"{call.lineno}: {ast.unparse(call)}")
    for child in ast.iter_child_nodes(tree):
        found += untranslated(child, inside=inside)
    return found


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_call_to_a_table_is_translated(file: Path) -> None:
    assert untranslated(ast.parse(file.read_text("utf-8"))) == []
