"""The listing of items, page by page, and the cursor between the pages."""

from __future__ import annotations

import base64
import json
import string
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st
from items.item import SHARDS
from items.table import QUERIES, BadCursor, ItemsTable, Listing, _decode, _encode

from tests.unit.app.writes import TOMBSTONE, rows, written
from tests.unit.functions.fakes import ITEMS, JOURNAL, FakeDynamoDB


def fill(dynamodb: Any, ids: list[str], deleted: frozenset[str] = frozenset()) -> ItemsTable:
    table = ItemsTable(dynamodb, ITEMS, JOURNAL)
    for number, item_id in enumerate(ids):
        written(table, f"01{number:04}", item_id)
        if item_id in deleted:
            written(table, f"02{number:04}", item_id, text=None)
    return table


def pages(table: ItemsTable, limit: int) -> list[list[str]]:
    found, cursor = [], None
    while True:
        page = table.page(limit, cursor)
        cursor = page.next
        found.append([item.id for item in page.items])
        if cursor is None:
            return found
        assert len(found) < 100, "the listing does not end"


IDS = [f"item-{n}" for n in range(12)]


@pytest.mark.parametrize("limit", [1, 2, 5, 12, 13, 200])
def test_the_pages_together_show_every_item_once(dynamodb: Any, limit: int) -> None:
    found = pages(fill(dynamodb, IDS), limit)
    assert sorted(item_id for page in found for item_id in page) == sorted(IDS)
    assert all(len(page) == limit for page in found[:-1])


def test_an_empty_table_is_one_empty_page(dynamodb: Any) -> None:
    assert ItemsTable(dynamodb, ITEMS, JOURNAL).page(50, None) == Listing([], None, [])


def test_deleted_items_are_not_listed(dynamodb: Any) -> None:
    deleted = frozenset(IDS[::2])
    found = pages(fill(dynamodb, IDS, deleted), 3)
    assert sorted(item_id for page in found for item_id in page) == sorted(set(IDS) - deleted)


def test_a_page_is_filled_over_the_tombstones_in_between(dynamodb: Any) -> None:
    found = pages(fill(dynamodb, IDS, frozenset(IDS[:9])), 3)
    assert len(found[0]) == 3


def test_a_request_reads_a_bounded_number_of_rows_and_the_next_page_goes_on() -> None:
    """Three thousand tombstones lie before the one item that lives."""
    dynamodb = FakeDynamoDB()
    for number in range(3000):
        tombstone = replace(TOMBSTONE, id=f"item-{number}")
        dynamodb.put_item(ITEMS, rows(tombstone)[0])
    table, found, cursor, requests = fill(dynamodb, ["a"]), [], None, 0
    while requests < 100:
        requests += 1
        dynamodb.calls.clear()
        page = table.page(1, cursor)
        assert len(dynamodb.asked("query")) <= QUERIES
        found, cursor = found + page.items, page.next
        if cursor is None:
            break
    assert ([i.id for i in found], requests) == (["a"], 7)


@given(
    count=st.integers(0, 10),
    tombstones=st.sets(st.integers(0, 9)),
    limit=st.integers(1, 12),
    part=st.integers(1, 4),
)
def test_no_size_of_page_loses_or_repeats_an_item(
    count: int, tombstones: set[int], limit: int, part: int
) -> None:
    dynamodb = FakeDynamoDB()
    deleted = frozenset(IDS[n] for n in tombstones)
    table = fill(dynamodb, IDS[:count], deleted)
    dynamodb.page = part
    found = [item_id for page in pages(table, limit) for item_id in page]
    assert sorted(found) == sorted(set(IDS[:count]) - deleted)


def test_a_write_between_two_pages_does_not_upset_the_listing(dynamodb: Any) -> None:
    table = fill(dynamodb, IDS)
    first = table.page(5, None)
    written(table, "0300", first.items[-1].id, text=None)
    rest = table.page(200, first.next)
    assert sorted(i.id for i in first.items + rest.items) == sorted(IDS)


# --- the cursor ----------------------------------------------------------------------------------
ID_LETTERS = string.ascii_letters + string.digits + "._-"


def test_a_cursor_may_lead_to_the_beginning_of_a_shard() -> None:
    assert _decode(_encode(2, None)) == (2, None)


@given(st.integers(0, SHARDS - 1), st.text(ID_LETTERS, min_size=1, max_size=64))
def test_a_cursor_leads_back_and_needs_no_escaping_in_a_url(shard: int, item_id: str) -> None:
    cursor = _encode(shard, item_id)
    assert _decode(cursor) == (shard, item_id)
    assert set(cursor) <= set(string.ascii_letters + string.digits + "-_=")


@pytest.mark.parametrize("cursor", [None, ""])
def test_without_a_cursor_the_listing_begins(cursor: str | None) -> None:
    assert _decode(cursor) == (0, None)


def crafted(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        [],
        [0],
        [0, "a", "b"],
        {"shard": 0, "after": "a"},
        ["0", "a"],
        [0, 1],
        [0.0, "a"],
        [True, "a"],
        [-1, "a"],
        [SHARDS, "a"],
        [0, ""],
        [0, "x" * 1025],
        [0, "x" * 2000],
        [0, "\ud800"],
        "[0, ",
        "no json",
        "[" * 5000,
        "1" * 5000,
    ],
    ids=lambda value: str(value)[:20].encode("ascii", "backslashreplace").decode(),
)
def test_a_crafted_cursor_is_refused(value: Any) -> None:
    with pytest.raises(BadCursor, match="next"):
        ItemsTable(FakeDynamoDB(), ITEMS, JOURNAL).page(50, crafted(value))


@given(st.text(max_size=40))
def test_whatever_comes_as_a_cursor_is_read_or_refused(cursor: str) -> None:
    try:
        shard, after = _decode(cursor)
    except BadCursor:
        return
    assert 0 <= shard < SHARDS
    assert after or not cursor
