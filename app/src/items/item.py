"""An item, as users see it and as its table holds it, and the record of an idempotent request."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pilot_light_client.attributes import AttributeInvalid, number, text as text_of
from pilot_light_client.journal import Ref, from_row, shard_of

if TYPE_CHECKING:
    from pilot_light_client.attributes import Row
    from pilot_light_client.journal import Item as JournaledItem

SHARDS = 4
LONGEST_TEXT = 2000
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
SORT_KEY_BYTES = 1024
# Clients and proxies resolve `.` and `..` within a path, so no item can have such an id.
ITEM_ID = r"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$"
Operation = Literal["create", "replace", "delete"]


class ItemExists(Exception):
    """An item of this id exists already."""


class ItemMissing(Exception):
    """There is no item of this id, or it was deleted."""


class ItemUnreadable(Exception):
    """An item cannot be read: an attribute is missing or of the wrong type. It is named."""


class KeyReused(Exception):
    """The Idempotency-Key was used for another request."""


@dataclass(frozen=True)
class Item:
    """An item as users see it. A deleted one stays as a tombstone: its version counts on."""

    id: str
    text: str
    version: int
    region: str
    epoch: int
    write_id: str
    updated_at: str
    deleted: bool = False

    @property
    def unreadable(self) -> bool:
        """Whether this is the placeholder of an item that cannot be read."""
        return self.version < 1


@dataclass(frozen=True)
class Request:
    """What a client may send twice: its name, and a hash of what it asks for."""

    name: str
    content: str


@dataclass(frozen=True)
class IdempotencyRecord:
    """The request that made a write, and where that write's journal entry is."""

    request: Request
    region: str
    epoch: int
    write_id: str


def is_item_id(text: str) -> bool:
    """Return whether an item can have this id."""
    return re.fullmatch(ITEM_ID, text) is not None


def item_key(item_id: str) -> dict[str, Any]:
    """Return the key of an item, attribute types included."""
    return {"pk": {"S": f"I#{shard_of(item_id) % SHARDS}"}, "sk": {"S": item_id}}


def from_item_row(table: str, item_id: str, row: Row) -> Item:
    """Read an item's row.

    Raises
    ------
    AttributeInvalid
        It is not as we wrote it.
    """
    return from_journaled(from_row(Ref.of(table, item_key(item_id)), row))


def from_journaled(item: JournaledItem) -> Item:
    """Return an item as users see it, from what the client read of a row or a journal entry.

    Raises
    ------
    AttributeInvalid
        Its id or its text is not as we wrote it.
    """
    text = "" if item.deleted else text_of(item.image, "text")
    if len(text) > LONGEST_TEXT:
        raise AttributeInvalid("text")
    version = item.version
    return Item(
        id=text_of(item.ref.attributes, "sk"),
        text=text,
        version=version.number,
        region=version.region,
        epoch=version.epoch,
        write_id=version.write_id,
        updated_at=item.at,
        deleted=item.deleted,
    )


def unreadable_item(item_id: str) -> Item:
    """Return the placeholder of an item that cannot be read."""
    return Item(item_id, "", 0, "unknown", 0, "unknown", "")


def public(item: Item) -> dict[str, Any]:
    """Return an item as users see it."""
    return {
        "id": item.id,
        "text": item.text,
        "version": item.version,
        "region": item.region,
        "epoch": item.epoch,
        "write_id": item.write_id,
        "updated_at": item.updated_at,
    }


def client_request(key: str, operation: Operation, item_id: str | None, text: str) -> Request:
    """Return the request of a client's Idempotency-Key."""
    content = json.dumps([operation, item_id, text])
    return Request(_digest(key), _digest(content))


def request_key(name: str) -> dict[str, Any]:
    """Return the key of a request's idempotency record."""
    return {"pk": {"S": f"K#{shard_of(name) % SHARDS}"}, "sk": {"S": name}}


def from_idempotency_record(row: Row) -> IdempotencyRecord:
    """Read an idempotency record as DynamoDB returns it.

    Raises
    ------
    AttributeInvalid
        It is not as we wrote it.
    """
    return IdempotencyRecord(
        Request(text_of(row, "sk"), text_of(row, "content")),
        text_of(row, "region"),
        number(row, "epoch"),
        text_of(row, "write_id"),
    )


def idempotency_put(
    request: Request, made_by: IdempotencyRecord, replaces: IdempotencyRecord | None
) -> dict[str, Any]:
    """Return the Put of a request's record, over the one whose write is not here, if any."""
    item = {
        **request_key(request.name),
        "content": {"S": request.content},
        "region": {"S": made_by.region},
        "epoch": {"N": str(made_by.epoch)},
        "write_id": {"S": made_by.write_id},
    }
    if replaces is None:
        return {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "Item": item,
        "ConditionExpression": "write_id = :replaced",
        "ExpressionAttributeValues": {":replaced": {"S": replaces.write_id}},
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
