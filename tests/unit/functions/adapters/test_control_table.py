"""The control table: read, seeded once, and cached for a second."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from pilotlight.adapters.control_table import CachedControl, ControlTable
from pilotlight.domain.control import ControlItem, ControlItemInvalid

from tests.unit.functions.fakes import (
    CONTROL,
    PRIMARY,
    SECONDARY,
    FakeDynamoDB,
    aws_error,
    control_item,
)

NOW = "2026-01-31T12:00:00.000Z"
SERVING = ControlItem(PRIMARY, 1, "serving")


# --- reading -------------------------------------------------------------------------------------
def test_it_reads_who_is_active(dynamodb: Any) -> None:
    dynamodb.put_item(TableName=CONTROL, Item=control_item(SECONDARY, 2, "draining"))
    table = ControlTable(dynamodb, CONTROL)
    assert table.read() == ControlItem(SECONDARY, 2, "draining")


def test_a_missing_item_reads_as_nothing(dynamodb: Any) -> None:
    assert ControlTable(dynamodb, CONTROL).read() is None


def test_a_garbled_item_reads_as_nothing(dynamodb: Any) -> None:
    dynamodb.put_item(TableName=CONTROL, Item={"pk": {"S": "control"}, "epoch": {"N": "2"}})
    assert ControlTable(dynamodb, CONTROL).read() is None


@pytest.mark.parametrize(
    "error",
    [
        aws_error("InternalServerError"),
        aws_error("ProvisionedThroughputExceededException"),
        aws_error("ResourceNotFoundException"),
        EndpointConnectionError(endpoint_url="https://dynamodb"),
        ConnectTimeoutError(endpoint_url="https://dynamodb"),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
    ],
    ids=lambda error: str(error)[:40],
)
def test_a_table_that_cannot_be_read_reads_as_nothing(fake: FakeDynamoDB, error: Exception) -> None:
    fake.put_item(CONTROL, control_item())
    fake.failing["get_item"] = error
    assert ControlTable(fake, CONTROL).read() is None


def test_an_error_of_our_own_is_not_taken_for_an_unread_table(fake: FakeDynamoDB) -> None:
    fake.failing["get_item"] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        ControlTable(fake, CONTROL).read()


def test_reads_are_consistent(fake: FakeDynamoDB) -> None:
    ControlTable(fake, CONTROL).read()
    assert [call["ConsistentRead"] for call in fake.asked("get_item")] == [True]


# --- seeding -------------------------------------------------------------------------------------
def test_seeding_makes_the_primary_active(dynamodb: Any) -> None:
    table = ControlTable(dynamodb, CONTROL)
    seeded = replace(SERVING, changed_by="seed", changed_at=NOW)
    assert table.seed(PRIMARY, NOW) == seeded
    assert table.read() == seeded


def test_seeding_again_changes_nothing_about_who_is_active(dynamodb: Any) -> None:
    dynamodb.put_item(TableName=CONTROL, Item=control_item(SECONDARY, 5))
    table = ControlTable(dynamodb, CONTROL)
    assert table.seed(PRIMARY, NOW) == ControlItem(SECONDARY, 5, "serving")
    assert table.read() == ControlItem(SECONDARY, 5, "serving")


def test_seeding_does_not_mend_a_garbled_item(dynamodb: Any) -> None:
    dynamodb.put_item(TableName=CONTROL, Item={"pk": {"S": "control"}})
    with pytest.raises(ControlItemInvalid):
        ControlTable(dynamodb, CONTROL).seed(PRIMARY, NOW)


@pytest.mark.parametrize("operation", ["put_item", "get_item"])
def test_a_seeding_that_failed_is_an_error(fake: FakeDynamoDB, operation: str) -> None:
    fake.failing[operation] = aws_error("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        ControlTable(fake, CONTROL).seed(PRIMARY, NOW)


# --- the cache -----------------------------------------------------------------------------------
class Reader:
    """Answers reads from a list, the last for ever, and counts them."""

    def __init__(self, *answers: ControlItem | None) -> None:
        self._answers = list(answers)
        self.reads = 0
        self.now = 100.0

    def read(self) -> ControlItem | None:
        self.reads += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def cache(self, seconds: float = 1.0) -> CachedControl:
        return CachedControl(self.read, seconds, clock=lambda: self.now)


PROMOTED = ControlItem(SECONDARY, 2, "serving")


@pytest.mark.parametrize(
    ("later", "found", "reads"),
    [(0.0, SERVING, 1), (0.999, SERVING, 1), (1.0, PROMOTED, 2), (60.0, PROMOTED, 2)],
)
def test_an_item_is_kept_for_a_second_and_no_longer(
    later: float, found: ControlItem, reads: int
) -> None:
    reader = Reader(SERVING, PROMOTED)
    cache = reader.cache()
    cache.get()
    reader.now += later
    assert (cache.get(), reader.reads) == (found, reads)


def test_the_second_counts_from_before_the_read() -> None:
    reader = Reader(SERVING, PROMOTED)

    def slow() -> ControlItem | None:
        reader.now += 0.9
        return reader.read()

    cache = CachedControl(slow, 1.0, clock=lambda: reader.now)
    assert cache.get() == SERVING
    reader.now += 0.1
    assert cache.get() == PROMOTED, "what was read may be as old as the start of the read"


DRAINING = ControlItem(PRIMARY, 1, "draining", 2_000_000_000_000, SECONDARY)


@pytest.mark.parametrize(("later", "found"), [(0.199, DRAINING), (0.2, PROMOTED)])
def test_a_drain_is_kept_for_a_fifth_of_a_second(later: float, found: ControlItem) -> None:
    reader = Reader(DRAINING, PROMOTED)
    cache = reader.cache()
    cache.get()
    reader.now += later
    assert cache.get() == found


def test_the_age_of_what_is_kept_counts_from_before_the_read() -> None:
    reader = Reader(SERVING)

    def slow() -> ControlItem | None:
        reader.now += 0.5
        return reader.read()

    cache = CachedControl(slow, clock=lambda: reader.now)
    cache.get()
    assert cache.age() == 0.5
    reader.now += 0.25
    cache.get()
    assert cache.age() == 0.75


def test_a_failed_read_is_not_kept() -> None:
    reader = Reader(None, SERVING)
    cache = reader.cache()
    assert [cache.get(), cache.get(), cache.get()] == [None, SERVING, SERVING]
    assert reader.reads == 2


def test_an_item_that_can_no_longer_be_read_is_not_served_from_the_cache() -> None:
    reader = Reader(SERVING, None)
    cache = reader.cache()
    cache.get()
    reader.now += 1.0
    assert cache.get() is None


def test_without_a_clock_of_ones_own_it_takes_the_monotonic_one() -> None:
    reader = Reader(SERVING, PROMOTED)
    cache = CachedControl(reader.read)
    assert [cache.get(), cache.get()] == [SERVING, SERVING]
