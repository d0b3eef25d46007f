"""An item as users see it, and the rows that hold it."""

from __future__ import annotations

from typing import Any

import pytest
from items.item import (
    SHARDS,
    IdempotencyRecord,
    Item,
    ItemExists,
    ItemMissing,
    Request,
    client_request,
    from_idempotency_record,
    from_item_row,
    from_journaled,
    idempotency_put,
    is_item_id,
    item_key,
    public,
    request_key,
    unreadable_item,
)
from items.service import check
from pilot_light_client.attributes import AttributeInvalid
from pilot_light_client.journal import MARK, Ref, from_entry

from tests.unit.app.writes import LIVE, NOW, TOMBSTONE, journaled, rows
from tests.unit.functions.fakes import ITEMS, PRIMARY


# --- what may be written over what ---------------------------------------------------------------
@pytest.mark.parametrize(
    ("operation", "current"),
    [
        *(("create", None), ("create", TOMBSTONE), ("replace", None), ("replace", LIVE)),
        *(("replace", TOMBSTONE), ("delete", LIVE)),
    ],
)
def test_any_other_write_is_allowed(operation: Any, current: Item | None) -> None:
    check(operation, "tea", current)


def test_a_create_over_a_live_item_is_refused_and_names_the_way_out() -> None:
    with pytest.raises(ItemExists, match="PUT /items/tea"):
        check("create", "tea", LIVE)


@pytest.mark.parametrize("current", [None, TOMBSTONE])
def test_a_delete_of_nothing_is_refused(current: Item | None) -> None:
    with pytest.raises(ItemMissing, match="'tea'"):
        check("delete", "tea", current)


# --- keys and attributes -------------------------------------------------------------------------
def test_the_shards_are_the_same_in_every_release() -> None:
    """An item lies where the first release has put it."""
    found = {item_id: item_key(item_id)["pk"]["S"] for item_id in ("milk", "tea", "chai", "coffee")}
    assert found == {"milk": "I#0", "tea": "I#1", "chai": "I#2", "coffee": "I#3"}


def test_the_shards_are_spread_evenly() -> None:
    found = [item_key(f"item-{n}")["pk"]["S"] for n in range(2000)]
    assert all(400 < found.count(f"I#{shard}") < 600 for shard in range(SHARDS))


def test_a_key_ends_with_the_id() -> None:
    assert item_key("tea")["sk"] == {"S": "tea"}


def test_an_idempotency_record_never_lies_under_the_key_of_an_item() -> None:
    assert request_key("tea")["pk"]["S"].startswith("K#")
    assert item_key("tea")["pk"]["S"].startswith("I#")


@pytest.mark.parametrize("item", [LIVE, TOMBSTONE])
def test_an_item_survives_its_way_through_the_table_and_through_the_journal(item: Item) -> None:
    row, entry = rows(item)
    assert from_item_row(ITEMS, "tea", row) == item
    assert from_journaled(from_entry(entry).new) == item


def test_a_row_has_the_text_and_the_mark_of_the_journal_and_no_more() -> None:
    row, _ = rows(LIVE)
    assert set(row) == {"pk", "sk", "text", MARK}
    assert row["text"] == {"S": "green"}


def test_a_tombstone_has_no_text() -> None:
    row, _ = rows(TOMBSTONE)
    assert set(row) == {"pk", "sk", MARK}


@pytest.mark.parametrize("name", ["text", MARK])
def test_an_item_without_an_attribute_is_not_read(name: str) -> None:
    row, _ = rows(LIVE)
    del row[name]
    with pytest.raises(AttributeInvalid, match=name):
        from_item_row(ITEMS, "tea", row)


def test_an_entry_of_another_kind_of_item_is_none_of_ours() -> None:
    """Other tables of an application may share the journal."""
    other = journaled(LIVE, ref=Ref.of("orders", {"number": {"N": "7"}}))
    with pytest.raises(AttributeInvalid, match="sk"):
        from_journaled(other)


def test_users_see_neither_the_mark_nor_the_tombstone_flag() -> None:
    names = ["id", "text", "version", "region", "epoch", "write_id", "updated_at"]
    assert list(public(LIVE)) == names
    assert public(LIVE)["updated_at"] == NOW


def test_a_placeholder_keeps_the_id_and_is_no_version() -> None:
    found = unreadable_item("tea")
    assert (found.id, found.unreadable, LIVE.unreadable) == ("tea", True, False)


@pytest.mark.parametrize("text", ["a", "tea", "0", "A.b_c-9", "x" * 64])
def test_an_id_is_made_of_letters_digits_and_three_signs(text: str) -> None:
    assert is_item_id(text)


@pytest.mark.parametrize("text", ["", "x" * 65, "a b", "a/b", "a#b", "é", "a\n", "\ud800", "I#0"])
def test_anything_else_is_no_id(text: str) -> None:
    assert not is_item_id(text)


# --- idempotency records -------------------------------------------------------------------------
RECORD = IdempotencyRecord(Request("name", "content"), PRIMARY, 7, "01B")


def test_an_idempotency_record_survives_its_way_through_the_table() -> None:
    assert from_idempotency_record(idempotency_put(RECORD.request, RECORD, None)["Item"]) == RECORD


def test_a_records_name_tells_nothing_of_the_clients_key() -> None:
    request = client_request("secret", "create", "tea", "green")
    assert "secret" not in str(request)
    assert request == client_request("secret", "create", "tea", "green")


@pytest.mark.parametrize(
    "other",
    [
        ("replace", "tea", "green"),
        ("create", "coffee", "green"),
        ("create", None, "green"),
        ("create", "tea", "black"),
    ],
)
def test_a_request_that_asks_for_something_else_has_the_same_name_and_another_content(
    other: Any,
) -> None:
    first, second = client_request("k1", "create", "tea", "green"), client_request("k1", *other)
    assert first.name == second.name
    assert first.content != second.content


def test_the_first_record_of_a_request_is_put_only_where_none_is() -> None:
    put = idempotency_put(RECORD.request, RECORD, None)
    assert put["ConditionExpression"] == "attribute_not_exists(pk)"
