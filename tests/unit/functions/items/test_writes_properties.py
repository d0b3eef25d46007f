"""What holds for every history of writes: versions only grow, and nothing acknowledged vanishes."""

from __future__ import annotations

from typing import Any

from hypothesis import given, strategies as st
from pilotlight.items.table import ItemsTable
from pilotlight.items.writes import (
    Item,
    ItemExists,
    ItemMissing,
    attributes,
    from_attributes,
    item_key,
    journal_key,
    plan,
    transaction,
)

from tests.unit.functions.fakes import ITEMS, PRIMARY, SECONDARY, FakeDynamoDB

REGIONS = st.sampled_from([PRIMARY, SECONDARY])
IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=1, max_size=64)
ULIDS = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26)
OPERATIONS = st.sampled_from(["create", "replace", "delete"])
WRITES = st.tuples(OPERATIONS, st.sampled_from("abc"), REGIONS, st.integers(1, 3), st.text("xy"))
HISTORIES = st.lists(WRITES, max_size=25)
EPOCHS = st.integers(1, 10**6)


def key(found: dict[str, Any]) -> tuple[str, str]:
    return found["pk"]["S"], found["sk"]["S"]


def written(history: list[tuple[Any, ...]]) -> tuple[FakeDynamoDB, list[Item]]:
    """Make a history of writes, and return the table and what was acknowledged, in order."""
    dynamodb, acknowledged = FakeDynamoDB(), []
    table = ItemsTable(dynamodb, ITEMS)
    for number, (operation, item_id, region, epoch, text) in enumerate(history):
        try:
            write = plan(
                operation,
                item_id=item_id,
                text=text,
                current=table.get(item_id),
                region=region,
                epoch=epoch,
                write_id=f"{number:026}",
                now=f"{number}",
            )
        except (ItemExists, ItemMissing):
            continue
        table.write(write)
        acknowledged.append(write.new)
    return dynamodb, acknowledged


@given(HISTORIES)
def test_the_versions_of_an_item_count_up_without_a_gap(history: list[tuple[Any, ...]]) -> None:
    _, acknowledged = written(history)
    for item_id in "abc":
        versions = [item.version for item in acknowledged if item.id == item_id]
        assert versions == list(range(1, len(versions) + 1))


@given(HISTORIES)
def test_every_acknowledged_write_has_its_own_journal_entry(history: list[tuple[Any, ...]]) -> None:
    dynamodb, acknowledged = written(history)
    entries = [from_attributes(row["new"]["M"]) for row in dynamodb.rows(ITEMS, "J#")]
    assert sorted(entries, key=lambda i: i.write_id) == acknowledged


@given(HISTORIES)
def test_the_journal_of_an_item_is_a_chain_from_nothing_to_what_is_there(
    history: list[tuple[Any, ...]],
) -> None:
    dynamodb, _ = written(history)
    table = ItemsTable(dynamodb, ITEMS)
    rows = sorted(dynamodb.rows(ITEMS, "J#"), key=lambda row: row["sk"]["S"])
    for item_id in "abc":
        last: dict[str, Any] = {"NULL": True}
        for row in rows:
            if row["item_id"]["S"] == item_id:
                assert row["old"] == last
                last = row["new"]
        found = table.get(item_id)
        assert ({"M": attributes(found)} if found else {"NULL": True}) == last


@given(HISTORIES)
def test_a_listing_shows_exactly_the_live_items(history: list[tuple[Any, ...]]) -> None:
    dynamodb, acknowledged = written(history)
    live = {i.id: i for i in acknowledged}
    listed = ItemsTable(dynamodb, ITEMS).page(50, None)
    assert {i.id: i for i in listed.items} == {k: i for k, i in live.items() if not i.deleted}
    assert listed.next is None


@given(st.tuples(REGIONS, EPOCHS, ULIDS), st.tuples(REGIONS, EPOCHS, ULIDS))
def test_journal_keys_are_equal_only_for_the_same_write(
    one: tuple[str, int, str], other: tuple[str, int, str]
) -> None:
    assert (journal_key(*one) == journal_key(*other)) == (one == other)


@given(IDS, IDS)
def test_item_keys_are_equal_only_for_the_same_item(one: str, other: str) -> None:
    assert (item_key(one) == item_key(other)) == (one == other)


@given(IDS, REGIONS, EPOCHS, ULIDS)
def test_an_item_never_lies_under_the_key_of_a_journal_entry(
    item_id: str, region: str, epoch: int, write_id: str
) -> None:
    assert key(item_key(item_id)) != key(journal_key(region, epoch, write_id))
    assert key(item_key(write_id)) != key(journal_key(region, epoch, write_id))


ITEM = st.builds(
    Item,
    id=IDS,
    text=st.text(max_size=20),
    version=st.integers(1, 10**9),
    region=REGIONS,
    epoch=EPOCHS,
    write_id=ULIDS,
    updated_at=st.just("2026-01-31T12:00:00.000Z"),
    deleted=st.booleans(),
)


@given(ITEM)
def test_every_item_survives_its_way_through_the_table(item: Item) -> None:
    assert from_attributes(attributes(item)) == item


@given(ITEM, ULIDS)
def test_the_two_puts_of_a_transaction_never_hit_the_same_key(item: Item, write_id: str) -> None:
    write = plan(
        "replace",
        item_id=item.id,
        text="x",
        current=item,
        region=item.region,
        epoch=item.epoch,
        write_id=write_id,
        now="now",
    )
    puts = [put["Put"]["Item"] for put in transaction(write, ITEMS)]
    assert len({key(put) for put in puts}) == 2
    assert write.new.version > item.version
