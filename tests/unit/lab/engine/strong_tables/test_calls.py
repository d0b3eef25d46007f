"""What a request wants of strong tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.engine.strong_tables.calls import StrongCall, read, writes_to

KNOWN = {"quorum": ("pk", "sk")}
ITEM = {"pk": {"S": "a"}, "sk": {"N": "1"}, "Item": {"S": "x"}}
KEY = {name: ITEM[name] for name in ("sk", "pk")}


def found(operation: str, **data: Any) -> StrongCall:
    call = read(operation, data, KNOWN)
    assert call
    return call


def test_every_way_to_write_an_item_names_it_the_same() -> None:
    ways = [
        found("PutItem", TableName="quorum", Item=ITEM),
        found("UpdateItem", TableName="quorum", Key=KEY),
        found("DeleteItem", TableName="arn:aws:dynamodb:us-west-2:1:table/quorum", Key=KEY),
    ]
    assert len({call.written for call in ways}) == 1
    assert {(call.table, call.needs_latest) for call in ways} == {("quorum", True)}


@pytest.mark.parametrize("operation", ["GetItem", "Query", "Scan"])
def test_a_read_is_strong_only_where_it_asks_to_be(operation: str) -> None:
    assert found(operation, TableName="quorum", ConsistentRead=True).needs_latest
    assert not found(operation, TableName="quorum", ConsistentRead=False).needs_latest
    assert not found(operation, TableName="quorum").needs_latest


@pytest.mark.parametrize(
    ("operation", "data"),
    [
        ("BatchGetItem", {"RequestItems": {"other": {}, "quorum": {}}}),
        ("BatchWriteItem", {"RequestItems": {"quorum": []}}),
        ("ExecuteStatement", {"Statement": 'SELECT * FROM "quorum"'}),
        ("BatchExecuteStatement", {"Statements": [{"Statement": 'SELECT * FROM "quorum"'}]}),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "quorum"}}]}),
        ("ExecuteTransaction", {"TransactStatements": [{"Statement": 'UPDATE "quorum"'}]}),
        ("UpdateTable", {"TableName": "quorum", "BillingMode": "PROVISIONED"}),
        ("DeleteTable", {"TableName": "quorum"}),
        ("UpdateTimeToLive", {"TableName": "quorum"}),
    ],
)
def test_batches_statements_transactions_and_changes_of_the_table_are_refused(
    operation: str, data: Any
) -> None:
    assert found(operation, **data).refusal


@pytest.mark.parametrize(
    ("operation", "data"),
    [
        ("PutItem", {"TableName": "another", "Item": ITEM}),
        ("ListTables", {}),
        ("PutItem", {"TableName": "quorum"}),
        ("PutItem", {"TableName": "quorum", "Item": "text"}),
        ("BatchWriteItem", {"RequestItems": []}),
        ("TransactWriteItems", {"TransactItems": [{}]}),
        ("GetItem", []),
    ],
)
def test_what_names_none_or_says_nothing_of_use_is_left_to_dynamodb(
    operation: str, data: Any
) -> None:
    assert read(operation, data, KNOWN) is None


@pytest.mark.parametrize(
    ("operation", "data", "writes"),
    [
        ("PutItem", {"TableName": "items"}, True),
        ("DeleteItem", {"TableName": "arn:aws:dynamodb:us-west-2:1:table/items"}, True),
        ("UpdateItem", {"TableName": "others"}, False),
        ("BatchWriteItem", {"RequestItems": {"others": [], "items": []}}, True),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "items"}}]}, True),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "others"}}]}, False),
        ("TransactWriteItems", {"TransactItems": [{}]}, False),
        ("GetItem", {"TableName": "items"}, False),
        ("PutItem", [], False),
    ],
)
def test_a_write_names_its_table_by_itself_or_within_a_batch(
    operation: str, data: Any, writes: bool
) -> None:
    assert writes_to("items", operation, json.dumps(data).encode()) is writes
    assert not writes_to("items", operation, b"no JSON")
