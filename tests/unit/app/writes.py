"""Writes of items, made up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from items.item import Item, from_journaled, item_key
from pilot_light_client.journal import Item as JournaledItem, Ref, Version, Write, plan, transaction

from tests.unit.functions.fakes import ITEMS, JOURNAL, PRIMARY

if TYPE_CHECKING:
    from items.table import ItemsTable
    from pilot_light_client.attributes import Row

NOW = "2026-01-31T12:00:00.000Z"
LIVE = Item("tea", "green", 3, PRIMARY, 1, "01A", NOW)
TOMBSTONE = replace(LIVE, text="", deleted=True)


def planned(over: Row | None, write_id: str, item_id: str = "tea", **changes: Any) -> Write:
    """A write over a row. `text` is None for a delete."""
    how = {"text": f"as {write_id} wrote it", "region": PRIMARY, "epoch": 1, "at": NOW, **changes}
    text = how.pop("text")
    image = None if text is None else {"text": {"S": text}}
    return plan(Ref.of(ITEMS, item_key(item_id)), image, over, write_id=write_id, **how)


def written(table: ItemsTable, write_id: str, item_id: str = "tea", **changes: Any) -> Item:
    """Write over what is there, and return the item."""
    _, over = table.read(item_id)
    write = planned(over, write_id, item_id, **changes)
    table.write(write, over)
    return from_journaled(write.new)


def journaled(item: Item, ref: Ref | None = None) -> JournaledItem:
    """An item as the journal has it."""
    version = Version(item.version, item.write_id, item.region, item.epoch)
    image = {} if item.deleted else {"text": {"S": item.text}}
    ref = ref or Ref.of(ITEMS, item_key(item.id))
    return JournaledItem(ref, version, item.updated_at, image, item.deleted)


def rows(item: Item) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rows of an item, and of the journal entry that made it."""
    write = Write("delete" if item.deleted else "put", journaled(item), None)
    row, entry = transaction(write, JOURNAL, None)
    return row["Put"]["Item"], entry["Put"]["Item"]
