"""Which writes an item rests on, by the journal."""

from __future__ import annotations

from typing import Any

import pytest

from lab.drill.history import arrived, item_ids, text_of, written
from tests.unit.lab.drill.rows import entry as journal_entry, item


def entry(write_id: str, before: str | None) -> dict[str, Any]:
    return journal_entry(write_id, version=2 if before else 1, before=before)


OLDER = {"pk": {"S": "I#1"}, "sk": {"S": "older"}, "text": {"S": "not journaled"}}
HEARTBEAT = {"pk": {"S": "H#us-west-2#0"}, "sk": {"S": "heartbeat"}}


def test_an_item_rests_on_its_last_write_and_on_all_before() -> None:
    rows = [
        item("a", "w3"),
        entry("w3", "w2"),
        entry("w2", "w1"),
        entry("w1", None),
        HEARTBEAT,
        OLDER,
    ]
    assert written(rows) == {"w1", "w2", "w3"}


def test_a_write_that_was_overwritten_unread_is_in_no_history() -> None:
    rows = [item("a", "w3"), entry("w3", "w1"), entry("w2", "w1"), entry("w1", None)]
    assert written(rows) == {"w1", "w3"}


def test_an_entry_without_its_item_is_no_write_that_is_there() -> None:
    assert written([entry("w1", None), item("b", "w9"), entry("w9", None)]) == {"w9"}


def test_a_missing_entry_ends_the_chain_and_vouches_for_nothing_before() -> None:
    assert written([item("a", "w3"), entry("w2", "w1"), entry("w1", None)]) == {"w3"}


def test_histories_that_meet_end() -> None:
    assert written([item("a", "w1"), entry("w1", "w2"), entry("w2", "w1")]) == {"w1", "w2"}


def test_what_an_item_says_is_its_own_text() -> None:
    rows = [entry("a", None), item("a", "w1", text="first"), item("b", "w2", text="second"), OLDER]
    assert (text_of(rows, "b"), text_of(rows, "c")) == ("second", None)
    assert item_ids(rows) == {"a", "b"}


AT = 1_800_000_000.0


def journal(write_id: str, version: int, region: str = "us-west-2", epoch: int = 1) -> Any:
    return journal_entry(write_id, "a", version, region=region, epoch=epoch, shard=3)


def held(write_id: str, version: int) -> dict[str, Any]:
    return item("a", write_id, version)


@pytest.mark.parametrize(
    ("rows", "there"),
    [
        ([journal("w2", 2), held("w2", 2)], True),
        ([journal("w2", 2), held("w3", 3)], True),
        ([journal("w2", 2)], False),
        ([held("w2", 2)], False),
        ([journal("w2", 2), held("w1", 1)], False),
        ([journal("w2", 2), held("other", 2)], False),
        ([journal("w2", 2), item("b", "w2", 2)], False),
        ([journal("w2", 2, epoch=2), held("w2", 2)], False),
        ([journal("w2", 2, epoch=11), held("w2", 2)], False),
        ([journal("w2", 2, region="us-east-2"), held("w2", 2)], False),
    ],
)
def test_a_write_has_arrived_when_its_item_and_its_entry_have(rows: list[Any], there: bool) -> None:
    assert arrived([HEARTBEAT, OLDER, *rows], "us-west-2", 1) == ({"w2": AT} if there else {})


def test_an_entry_is_compared_with_the_item_that_it_names() -> None:
    rows = [journal("w1", 1), journal_entry("w2", "b"), item("b", "w2")]
    assert arrived(rows, "us-west-2", 1) == {"w2": AT}
