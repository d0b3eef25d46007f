"""Which epochs were used, as the recoveries table knows after the control item is gone."""

from __future__ import annotations

from typing import Any

import pytest
from pilot_light_client.table_errors import TableUnavailable
from pilotlight.control.seed import MISSING, SeedMark

from tests.unit.functions.fakes import RECOVERIES, FakeDynamoDB, aws_error


def recorded(dynamodb: Any, *epochs: int) -> None:
    for epoch in epochs:
        dynamodb.put_item(TableName=RECOVERIES, Item={"pk": {"S": f"recovery#{epoch}"}})


def test_where_nothing_was_ever_seeded_no_epoch_is_used(dynamodb: Any) -> None:
    recorded(dynamodb, 2)
    assert SeedMark(dynamodb, RECOVERIES).highest_epoch() is None


@pytest.mark.parametrize(
    ("kept", "records", "last"),
    [
        (1, (), 1),
        (1, (2, 3), 3),
        (1, (2, 4), 4),
        (1, (1 + MISSING,), 1 + MISSING),
        (7, (3, 4), 7),
    ],
    ids=["no claim", "two claims", "one run died", "as many died", "older records"],
)
def test_every_epoch_that_may_have_been_used_without_a_record_counts_as_used(
    dynamodb: Any, kept: int, records: tuple[int, ...], last: int
) -> None:
    mark = SeedMark(dynamodb, RECOVERIES)
    mark.record(kept)
    recorded(dynamodb, *records)
    assert mark.highest_epoch() == last + MISSING


def test_a_mark_never_goes_back(dynamodb: Any) -> None:
    mark = SeedMark(dynamodb, RECOVERIES)
    for epoch in (3, 2, 3):
        mark.record(epoch)
    assert mark.highest_epoch() == 3 + MISSING


def test_a_mark_that_cannot_be_kept_is_an_error(fake: FakeDynamoDB) -> None:
    fake.failing["update_item"] = aws_error("AccessDeniedException")
    with pytest.raises(TableUnavailable, match="AccessDenied"):
        SeedMark(fake, RECOVERIES).record(1)
