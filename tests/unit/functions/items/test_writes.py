"""A write is planned over what is there, and becomes one transaction with its journal entry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pilot_light_client.attributes import AttributeInvalid
from pilotlight.items.writes import (
    SHARDS,
    EntryUnreadable,
    Item,
    ItemExists,
    ItemMissing,
    Write,
    attributes,
    from_attributes,
    from_entry,
    is_item_id,
    item_key,
    journal_key,
    plan,
    shard_of,
    transaction,
)

from tests.unit.functions.fakes import PRIMARY, SECONDARY

NOW = "2026-01-31T12:00:00.000Z"
LIVE = Item("tea", "green", 3, PRIMARY, 1, "01A", "2026-01-30T12:00:00.000Z")
TOMBSTONE = replace(LIVE, text="", deleted=True)


def planned(operation: Any, current: Item | None, **changes: Any) -> Write:
    call: dict[str, Any] = {
        "item_id": "tea",
        "text": "black",
        "region": SECONDARY,
        "epoch": 2,
        "write_id": "01B",
        "now": NOW,
    }
    return plan(operation, current=current, **{**call, **changes})


@pytest.mark.parametrize("operation", ["create", "replace"])
def test_the_first_write_of_an_item_is_its_first_version(operation: str) -> None:
    write = planned(operation, None)
    item = Item("tea", "black", 1, SECONDARY, 2, "01B", NOW)
    assert write == Write(operation, item, None)  # type: ignore[arg-type]


def test_a_replacement_counts_the_version_on_and_says_who_wrote_it() -> None:
    write = planned("replace", LIVE)
    assert write.new == Item("tea", "black", 4, SECONDARY, 2, "01B", NOW)
    assert write.old == LIVE


def test_a_delete_leaves_a_tombstone_without_the_text() -> None:
    new = planned("delete", LIVE).new
    assert (new.deleted, new.text, new.version) == (True, "", 4)


@pytest.mark.parametrize("operation", ["create", "replace"])
def test_a_deleted_item_comes_back_with_a_higher_version(operation: str) -> None:
    new = planned(operation, TOMBSTONE).new
    assert (new.deleted, new.text, new.version) == (False, "black", 4)


def test_a_create_over_a_live_item_is_refused_and_names_the_way_out() -> None:
    with pytest.raises(ItemExists, match="PUT /items/tea"):
        planned("create", LIVE)


@pytest.mark.parametrize("current", [None, TOMBSTONE])
def test_a_delete_of_nothing_is_refused(current: Item | None) -> None:
    with pytest.raises(ItemMissing, match="'tea'"):
        planned("delete", current)


# --- the transaction -----------------------------------------------------------------------------
def puts(write: Write) -> tuple[dict[str, Any], dict[str, Any]]:
    item, entry = transaction(write, "items")
    return item["Put"], entry["Put"]


def test_a_transaction_is_the_item_and_its_journal_entry_in_one_table() -> None:
    found = transaction(planned("create", None), "items")
    assert [list(write) for write in found] == [["Put"], ["Put"]]
    assert {write["Put"]["TableName"] for write in found} == {"items"}


def test_a_new_item_is_put_only_where_none_is() -> None:
    item, _ = puts(planned("create", None))
    assert item["ConditionExpression"] == "attribute_not_exists(pk)"
    assert "ExpressionAttributeValues" not in item


@pytest.mark.parametrize("operation", ["replace", "delete"])
def test_an_item_is_put_only_over_the_very_write_that_was_read(operation: str) -> None:
    item, _ = puts(planned(operation, LIVE))
    assert item["ConditionExpression"] == "version = :read AND write_id = :by"
    assert item["ExpressionAttributeValues"] == {":read": {"N": "3"}, ":by": {"S": "01A"}}


@pytest.mark.parametrize("current", [None, LIVE])
def test_a_journal_entry_is_never_overwritten(current: Item | None) -> None:
    _, entry = puts(planned("replace", current))
    assert entry["ConditionExpression"] == "attribute_not_exists(pk)"


def test_the_journal_keeps_the_old_and_the_new_value_and_when() -> None:
    _, entry = puts(planned("delete", LIVE))
    row = entry["Item"]
    assert from_attributes(row["old"]["M"]) == LIVE
    assert from_attributes(row["new"]["M"]) == planned("delete", LIVE).new
    assert (row["item_id"], row["operation"]) == ({"S": "tea"}, {"S": "delete"})
    assert (row["version"], row["at"]) == ({"N": "4"}, {"S": NOW})


@pytest.mark.parametrize("authority", ["quorum", "last_resort", "without_quorum"])
def test_the_journal_keeps_what_let_a_write_pass(authority: str) -> None:
    _, entry = puts(replace(planned("create", None), authority=authority))
    assert from_entry(entry["Item"]).authority == authority


def test_the_journal_of_a_first_write_has_no_old_value() -> None:
    _, entry = puts(planned("create", None))
    assert entry["Item"]["old"] == {"NULL": True}


def test_the_journal_belongs_to_the_region_and_epoch_of_the_write() -> None:
    _, entry = puts(planned("replace", LIVE))
    assert entry["Item"]["pk"]["S"].startswith(f"J#{SECONDARY}#2#")
    assert entry["Item"]["sk"] == {"S": "01B"}


def test_the_item_stays_under_its_own_key() -> None:
    item, _ = puts(planned("replace", LIVE))
    assert {name: item["Item"][name] for name in ("pk", "sk")} == item_key("tea")


# --- keys and attributes -------------------------------------------------------------------------
def test_the_shards_are_the_same_in_every_release() -> None:
    assert [shard_of(key) for key in ("milk", "tea", "chai", "coffee")] == [0, 1, 2, 3]


def test_the_shards_are_spread_evenly() -> None:
    found = [shard_of(f"item-{n}") for n in range(2000)]
    assert all(400 < found.count(shard) < 600 for shard in range(SHARDS))


def test_the_keys_read_as_documented() -> None:
    assert item_key("tea") == {"pk": {"S": f"I#{shard_of('tea')}"}, "sk": {"S": "tea"}}
    key = journal_key(PRIMARY, 7, "01B")
    assert key == {"pk": {"S": f"J#{PRIMARY}#7#{shard_of('01B')}"}, "sk": {"S": "01B"}}


@pytest.mark.parametrize("item", [LIVE, TOMBSTONE])
def test_an_item_survives_its_way_through_the_table(item: Item) -> None:
    assert from_attributes(attributes(item)) == item


@pytest.mark.parametrize("name", attributes(LIVE))
def test_an_item_that_lacks_an_attribute_is_not_read(name: str) -> None:
    found = attributes(LIVE)
    del found[name]
    with pytest.raises(AttributeInvalid, match=name):
        from_attributes(found)


@pytest.mark.parametrize("text", ["a", "tea", "0", "A.b_c-9", "x" * 64])
def test_an_id_is_made_of_letters_digits_and_three_signs(text: str) -> None:
    assert is_item_id(text)


@pytest.mark.parametrize("text", ["", "x" * 65, "a b", "a/b", "a#b", "é", "a\n", "\ud800", "I#0"])
def test_anything_else_is_no_id(text: str) -> None:
    assert not is_item_id(text)


@pytest.mark.parametrize("name", ["operation", "authority"])
@pytest.mark.parametrize("value", ["", "x" * 5000])
def test_an_entry_with_a_text_that_is_empty_or_too_long_is_no_entry(name: str, value: str) -> None:
    _, entry = puts(planned("create", None))
    with pytest.raises(EntryUnreadable, match=name):
        from_entry({**entry["Item"], name: {"S": value}})
