"""Canaries: written, read back and removed, or lost."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pilotlight.readiness import checks

from tests.unit.functions.fakes import CONTROL, ITEMS, FakeDynamoDB, FakeS3

KEY = {"pk": {"S": "canary#us-east-2"}}


@pytest.mark.parametrize(
    ("table", "key"), [(CONTROL, KEY), (ITEMS, {**KEY, "sk": {"S": "canary"}})]
)
def test_a_canary_in_a_table_comes_back_and_leaves_nothing(
    dynamodb: Any, table: str, key: dict[str, Any]
) -> None:
    assert checks.canary_item(dynamodb, table, key) == ("ok", "put, read and deleted a canary")
    assert "Item" not in dynamodb.get_item(TableName=table, Key=key)


def test_a_canary_is_read_back_consistently(fake: FakeDynamoDB) -> None:
    checks.canary_item(fake, CONTROL, KEY)
    assert fake.asked("get_item")[0]["ConsistentRead"] is True


def test_a_canary_left_by_an_earlier_run_is_in_nobodys_way(fake: FakeDynamoDB) -> None:
    fake.put_item(CONTROL, {**KEY, "mark": {"S": "old"}})
    checks.canary_item(fake, CONTROL, KEY)
    assert fake.rows(CONTROL) == []


@pytest.mark.parametrize("found", [{}, {"Item": KEY}, {"Item": {**KEY, "mark": {"S": "old"}}}])
def test_a_canary_that_does_not_come_back_is_lost(
    fake: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch, found: dict[str, Any]
) -> None:
    monkeypatch.setattr(fake, "get_item", lambda **_: found)
    lost = ("failed", f"The canary put into {CONTROL} was not read back.")
    assert checks.canary_item(fake, CONTROL, KEY) == lost


def test_a_canary_in_a_bucket_comes_back_and_leaves_nothing() -> None:
    s3 = FakeS3()
    worked = ("ok", "put, read and deleted a canary")
    assert checks.canary_object(s3, "bucket", "canary/us-east-2") == worked
    assert s3.objects == {}


def test_an_object_that_does_not_come_back_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = FakeS3()
    monkeypatch.setattr(s3, "get_object", lambda **_: {"Body": io.BytesIO(b"old")})
    assert checks.canary_object(s3, "bucket", "canary/us-east-2")[0] == "failed"


def test_two_canaries_are_never_alike(fake: FakeDynamoDB) -> None:
    for _ in range(2):
        checks.canary_item(fake, CONTROL, KEY)
    marks = [call["Item"]["mark"]["S"] for call in fake.asked("put_item")]
    assert len(set(marks)) == 2
