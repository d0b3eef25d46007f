"""What a request wants of strong tables."""

from __future__ import annotations

from typing import Any

import pytest

from lab.engine.strong_tables.calls import StrongCall, read

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
        found("BatchWriteItem", RequestItems={"quorum": [{"PutRequest": {"Item": ITEM}}]}),
        found("BatchWriteItem", RequestItems={"quorum": [{"DeleteRequest": {"Key": KEY}}]}),
    ]
    assert len({call.written for call in ways}) == 1
    assert {call.strong for call in ways} == {("quorum",)}


@pytest.mark.parametrize("operation", ["GetItem", "Query", "Scan"])
def test_a_read_is_strong_only_where_it_asks_to_be(operation: str) -> None:
    assert found(operation, TableName="quorum", ConsistentRead=True).strong == ("quorum",)
    assert found(operation, TableName="quorum", ConsistentRead=False).strong == ()
    assert found(operation, TableName="quorum").strong == ()


def test_each_table_of_a_batch_is_read_as_it_asks_to_be() -> None:
    asked = {"quorum": {"Keys": [KEY]}, "other": {"Keys": [KEY], "ConsistentRead": True}}
    assert found("BatchGetItem", RequestItems=asked).strong == ()


def test_a_statement_on_a_strong_table_is_strong_whatever_it_does() -> None:
    text = 'SELECT * FROM "quorum"'
    assert found("ExecuteStatement", Statement=text).strong == ("quorum",)
    batch = [{"Statement": text}]
    assert found("BatchExecuteStatement", Statements=batch).strong == ("quorum",)
    assert found("ExecuteTransaction", TransactStatements=batch).is_transaction


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
