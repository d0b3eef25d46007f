"""What holds for every history of writes: versions only grow, and nothing acknowledged vanishes."""

from __future__ import annotations

from typing import Any

from hypothesis import given, strategies as st
from items.item import Item, ItemExists, ItemMissing, from_item_row, from_journaled, item_key
from items.service import check
from items.table import ItemsTable
from pilot_light_client.journal import from_entry

from tests.unit.app.writes import rows, written
from tests.unit.functions.fakes import ITEMS, JOURNAL, PRIMARY, SECONDARY, FakeDynamoDB

REGIONS = st.sampled_from([PRIMARY, SECONDARY])
IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=1, max_size=64)
ULIDS = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=26, max_size=26)
OPERATIONS = st.sampled_from(["create", "replace", "delete"])
WRITES = st.tuples(OPERATIONS, st.sampled_from("abc"), REGIONS, st.integers(1, 3), st.text("xy"))
HISTORIES = st.lists(WRITES, max_size=25)


def made(history: list[tuple[Any, ...]]) -> tuple[FakeDynamoDB, ItemsTable, list[Item]]:
    """Make a history of writes, and return the table and what was acknowledged, in order."""
    dynamodb, acknowledged = FakeDynamoDB(), []
    table = ItemsTable(dynamodb, ITEMS, JOURNAL)  # type: ignore[arg-type]
    for number, (operation, item_id, region, epoch, text) in enumerate(history):
        try:
            check(operation, item_id, table.read(item_id)[0])
        except (ItemExists, ItemMissing):
            continue
        how = {"region": region, "epoch": epoch, "at": f"{number}"}
        how["text"] = None if operation == "delete" else text
        acknowledged.append(written(table, f"{number:026}", item_id, **how))
    return dynamodb, table, acknowledged


@given(HISTORIES)
def test_the_versions_of_an_item_count_up_without_a_gap(history: list[tuple[Any, ...]]) -> None:
    _, _, acknowledged = made(history)
    for item_id in "abc":
        versions = [item.version for item in acknowledged if item.id == item_id]
        assert versions == list(range(1, len(versions) + 1))


@given(HISTORIES)
def test_every_acknowledged_write_has_its_own_journal_entry(history: list[tuple[Any, ...]]) -> None:
    dynamodb, _, acknowledged = made(history)
    entries = [from_journaled(from_entry(row).new) for row in dynamodb.rows(JOURNAL)]
    assert sorted(entries, key=lambda i: i.write_id) == acknowledged


@given(HISTORIES)
def test_the_journal_of_an_item_is_a_chain_from_nothing_to_what_is_there(
    history: list[tuple[Any, ...]],
) -> None:
    dynamodb, table, _ = made(history)
    writes = sorted((from_entry(row) for row in dynamodb.rows(JOURNAL)), key=lambda w: w.id)
    for item_id in "abc":
        last = None
        for write in writes:
            if write.new.ref.attributes == item_key(item_id):
                assert write.previous == (last and last.version)
                last = write.new
        assert table.read(item_id)[0] == (last and from_journaled(last))


@given(HISTORIES)
def test_a_listing_shows_exactly_the_live_items(history: list[tuple[Any, ...]]) -> None:
    _, table, acknowledged = made(history)
    live = {i.id: i for i in acknowledged}
    listed = table.page(50, None)
    assert {i.id: i for i in listed.items} == {k: i for k, i in live.items() if not i.deleted}
    assert listed.next is None


@given(IDS, IDS)
def test_item_keys_are_equal_only_for_the_same_item(one: str, other: str) -> None:
    assert (item_key(one) == item_key(other)) == (one == other)


LIVE = st.builds(
    Item,
    id=IDS,
    text=st.text(max_size=20),
    version=st.integers(1, 10**9),
    region=REGIONS,
    epoch=st.integers(1, 10**6),
    write_id=ULIDS,
    updated_at=st.just("2026-01-31T12:00:00.000Z"),
)


@given(LIVE)
def test_every_item_survives_its_way_through_the_table_and_through_the_journal(item: Item) -> None:
    row, entry = rows(item)
    assert from_item_row(ITEMS, item.id, row) == item
    assert from_journaled(from_entry(entry).new) == item
