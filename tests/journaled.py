"""Journaled writes of items, as an application makes them, over what a table holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from items.item import from_item_row, item_key
from pilot_light_client.journal import Ref, plan, transaction

if TYPE_CHECKING:
    from items.item import Item
    from pilot_light_client.journal import Write

APP = "pilot-light"


def ref(item_id: str, app: str = APP) -> Ref:
    """Return the item of an id in the example's table."""
    return Ref.of(f"{app}-app-items", item_key(item_id))


def row(client: Any, item_id: str, app: str = APP) -> dict[str, Any] | None:
    """Return an item's row in a Region, or None."""
    found = client.get_item(
        TableName=f"{app}-app-items", Key=item_key(item_id), ConsistentRead=True
    )
    return found.get("Item")  # type: ignore[no-any-return]


def item(client: Any, item_id: str, app: str = APP) -> Item | None:
    """Return an item as users see it, or None."""
    found = row(client, item_id, app)
    return from_item_row(f"{app}-app-items", item_id, found) if found else None


def write(
    client: Any, item_id: str, text: str, *, region: str, epoch: int, write_id: str, at: str
) -> Write:
    """Write an item, or delete it if it has no text."""
    over = row(client, item_id)
    image = {"text": {"S": text}} if text else None
    planned = plan(ref(item_id), image, over, region=region, epoch=epoch, write_id=write_id, at=at)
    client.transact_write_items(TransactItems=transaction(planned, f"{APP}-journal", over))
    return planned
