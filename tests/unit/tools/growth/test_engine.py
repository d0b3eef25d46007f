"""The tables in memory answer what the product asks as DynamoDB does, and count what it charges."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from tools.growth.engine import Index, NotKnown, Region, Table, size_of
from tools.growth.waiting import Clock, client

ROWS = [
    {"pk": {"S": "A"}, "sk": {"S": f"{n:02}"}, "m": {"M": {"a": {"N": str(n)}, "b": {"S": "x"}}}}
    | ({"open": {"S": f"{99 - n}"}} if n % 3 == 0 else {})
    for n in range(12)
]
STRONG: dict[str, Any] = {"TableName": "t", "ConsistentRead": True}
VALUES = {":p": {"S": "A"}, ":a": {"S": "03"}, ":b": {"S": "07"}}


def values(*names: str) -> dict[str, Any]:
    return {"ExpressionAttributeValues": {name: VALUES[name] for name in names}}


QUERIES: list[dict[str, Any]] = [
    {"KeyConditionExpression": "pk = :p", **values(":p")},
    {"KeyConditionExpression": "pk = :p AND sk > :a", "Limit": 4, **values(":p", ":a")},
    {
        "KeyConditionExpression": "pk = :p AND sk BETWEEN :a AND :b",
        "ProjectionExpression": "pk, #m.#a",
        "ExpressionAttributeNames": {"#m": "m", "#a": "a"},
        **values(":p", ":a", ":b"),
    },
    {"KeyConditionExpression": "pk = :p", "ScanIndexForward": False, "Limit": 5, **values(":p")},
    {"KeyConditionExpression": "pk = :p AND open > :a", "IndexName": "open", **values(":p", ":a")},
]


@pytest.fixture
def region() -> Region:
    table = Table("pk", "sk", open=Index("open", ("m",)))
    for row in reversed(ROWS):
        table.put(row)
    return Region({"t": table})


@pytest.fixture
def here(region: Region) -> Any:
    return client(region, Clock(0))


@pytest.fixture
def aws() -> Any:
    names = ("pk", "sk", "open")
    with mock_aws():
        made: Any = boto3.client("dynamodb", region_name="us-east-2")
        made.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            LocalSecondaryIndexes=[
                {
                    "IndexName": "open",
                    "KeySchema": [
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "open", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["m"]},
                }
            ],
        )
        for row in ROWS:
            made.put_item(TableName="t", Item=row)
        yield made


@pytest.mark.parametrize("asked", QUERIES)
def test_a_query_is_answered_as_moto_does(aws: Any, here: Any, asked: dict[str, Any]) -> None:
    expected, found = aws.query(**STRONG, **asked), here.query(**STRONG, **asked)
    assert found["Items"] == expected["Items"]
    assert ("LastEvaluatedKey" in found) == ("LastEvaluatedKey" in expected)


def test_pages_follow_each_other_to_the_end(here: Any) -> None:
    for more in ({}, {"ScanIndexForward": False}, {"IndexName": "open"}):
        pages = here.get_paginator("query").paginate(
            **STRONG, **QUERIES[0], **more, PaginationConfig={"PageSize": 3}
        )
        found = [row["sk"]["S"] for page in pages for row in page["Items"]]
        whole = here.query(**STRONG, **QUERIES[0], **more)["Items"]
        assert found == [row["sk"]["S"] for row in whole]
        assert len(found) == (4 if "IndexName" in more else 12)


def test_a_row_is_found_by_its_key_alone_and_in_a_batch(here: Any) -> None:
    keys = [{"pk": {"S": "A"}, "sk": {"S": n}} for n in ("03", "77")]
    assert here.get_item(**STRONG, Key=keys[0])["Item"] == ROWS[3]
    assert "Item" not in here.get_item(**STRONG, Key=keys[1])
    answer = here.batch_get_item(RequestItems={"t": {"Keys": keys, "ConsistentRead": True}})
    assert answer["Responses"] == {"t": [ROWS[3]]}


def test_reads_are_counted_and_charged_as_aws_documents(region: Region, here: Any) -> None:
    table = region.tables["t"]
    for n in range(5):
        table.put({"pk": {"S": "big"}, "sk": {"S": str(n)}}, 3000)
    big = {":p": {"S": "big"}}
    asked = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": big}
    here.query(**STRONG, **asked)
    # 15,000 bytes are four times 4 KB, and half of that where the read need not be consistent.
    assert (region.total("rows"), region.total("units")) == (5, 4)
    here.query(TableName="t", **asked)
    assert region.total("units") == 4 + 2
    region.read.clear()
    keys = [{"pk": {"S": "big"}, "sk": {"S": str(n)}} for n in range(5)]
    here.batch_get_item(RequestItems={"t": {"Keys": keys, "ConsistentRead": True}})
    # Each row of a batch is rounded up alone.
    assert (region.total("requests"), region.total("rows"), region.total("units")) == (1, 5, 5)


def test_a_page_ends_with_a_megabyte(region: Region, here: Any) -> None:
    for n in range(5):
        region.tables["t"].put({"pk": {"S": "big"}, "sk": {"S": str(n)}}, 300_000)
    asked = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "big"}}}
    page = here.query(**STRONG, **asked)
    assert len(page["Items"]) == 3
    assert page["LastEvaluatedKey"]["sk"] == {"S": "2"}


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("Scan", {}),
        ("Query", {"TableName": "t", "KeyConditionExpression": "pk = :p AND sk < :a"}),
        ("Query", {"TableName": "t", "IndexName": "other"}),
        ("BatchGetItem", {"RequestItems": {"t": {"Keys": [{}] * 101}}}),
        ("UpdateItem", {"TableName": "t", "UpdateExpression": "SET a = a + :n"}),
    ],
)
def test_what_it_does_not_know_is_an_error(
    region: Region, operation: str, asked: dict[str, Any]
) -> None:
    with pytest.raises(NotKnown):
        region.ask(operation, asked)


def test_a_row_has_the_bytes_of_its_names_and_values() -> None:
    assert size_of({"pk": {"S": "four"}, "n": {"N": "1234"}, "f": {"BOOL": True}}) == 6 + 5 + 2
