"""A write is one transaction: the item, and an immutable journal entry of the old and the new."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from pilot_light_client.attributes import (
    AttributeInvalid,
    flag,
    is_null,
    mapping,
    number,
    text as text_of,
    try_text,
)

if TYPE_CHECKING:
    from pilot_light_client.attributes import Row

SHARDS = 4
LONGEST_TEXT = 2000
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
SORT_KEY_BYTES = 1024
# A character may take four bytes.
LONGEST_KEY = SORT_KEY_BYTES // 4
# Clients and proxies resolve `.` and `..` within a path, so no item can have such an id.
ITEM_ID = r"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$"
Operation = Literal["create", "replace", "delete"]


class ItemExists(Exception):
    """An item of this id exists already."""


class ItemMissing(Exception):
    """There is no item of this id, or it was deleted."""


class WriteConflict(Exception):
    """Another write changed the item at the same moment. Read it again and retry."""


class WriteThrottled(Exception):
    """The table takes no more writes at this moment. Nothing was written; try again."""


class WriteUnknown(Exception):
    """The table did not answer in time. The write may have been made."""


class KeyReused(Exception):
    """The Idempotency-Key was used for another request."""


class ItemUnreadable(Exception):
    """An item cannot be read: an attribute is missing or of the wrong type. It is named."""


class EntryUnreadable(Exception):
    """A journal entry cannot be read: an attribute is missing or of the wrong type."""


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
    """What a client, or a replay, may send twice: its name, and a hash of what it asks for."""

    name: str
    content: str


@dataclass(frozen=True)
class IdempotencyRecord:
    """The request that made a write, and where that write's journal entry is."""

    request: Request
    region: str
    epoch: int
    write_id: str


@dataclass(frozen=True)
class Write:
    """One write: the new item, and the old one that it overwrites.

    `authority` let it pass the fence: `quorum`, or `last_resort` or `without_quorum` if the control
    table did not answer. Then the other Region may have taken writes too. `request` gets an
    idempotency record with it, over the one in `replaces`, whose write is not here.
    """

    operation: Operation
    new: Item
    old: Item | None
    authority: str = "quorum"
    request: Request | None = None
    replaces: IdempotencyRecord | None = None

    @property
    def unreadable(self) -> bool:
        """Whether this is the placeholder of a journal entry that cannot be read."""
        return self.new.unreadable


def is_item_id(text: str) -> bool:
    """Return whether an item can have this id."""
    return re.fullmatch(ITEM_ID, text) is not None


def shard_of(key: str) -> int:
    """Spread keys evenly over the shards, the same in every Region and release."""
    return hashlib.sha256(key.encode()).digest()[0] % SHARDS


def item_key(item_id: str) -> dict[str, Any]:
    """Return the key of an item, attribute types included."""
    return {"pk": {"S": f"I#{shard_of(item_id)}"}, "sk": {"S": item_id}}


def client_request(key: str, operation: Operation, item_id: str | None, text: str) -> Request:
    """Return the request of a client's Idempotency-Key. No key can take a replay's name."""
    content = json.dumps([operation, item_id, text])
    return Request(_digest(key), _digest(content))


def replay_request(write_id: str) -> Request:
    """Return the request of the replay of a lost write."""
    return Request(f"replay:{write_id}", "")


def request_key(name: str) -> dict[str, Any]:
    """Return the key of a request's idempotency record."""
    return {"pk": {"S": f"K#{shard_of(name)}"}, "sk": {"S": name}}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def journal_shard(region: str, epoch: int, shard: int) -> str:
    """Return the partition of one shard of a Region's journal in an epoch."""
    return f"J#{region}#{epoch}#{shard}"


def journal_key(region: str, epoch: int, write_id: str) -> dict[str, Any]:
    """Return the key of a journal entry. Region, epoch and ULID make it collide with no other."""
    return {"pk": {"S": journal_shard(region, epoch, shard_of(write_id))}, "sk": {"S": write_id}}


def plan(
    operation: Operation,
    *,
    item_id: str,
    text: str,
    current: Item | None,
    region: str,
    epoch: int,
    write_id: str,
    now: str,
) -> Write:
    """Plan a write over the current item.

    Raises
    ------
    ItemExists
        A create finds an item.
    ItemMissing
        A delete finds none.
    """
    live = current if current and not current.deleted else None
    if operation == "create" and live:
        raise ItemExists(f"An item {item_id!r} exists. Use PUT /items/{item_id} to replace it.")
    if operation == "delete" and live is None:
        raise ItemMissing(f"There is no item {item_id!r}.")
    version = current.version + 1 if current else 1
    deleted = operation == "delete"
    new = Item(
        id=item_id,
        text="" if deleted else text,
        version=version,
        region=region,
        epoch=epoch,
        write_id=write_id,
        updated_at=now,
        deleted=deleted,
    )
    return Write(operation, new, current)


def transaction(write: Write, table: str) -> list[Any]:
    """Return the TransactItems of one write.

    The item is put only over the version that was read; the journal entry only if there is none,
    and so is the idempotency record.
    """
    new, old = write.new, write.old
    over: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
    if old is not None:
        over = {
            "ConditionExpression": "version = :read AND write_id = :by",
            "ExpressionAttributeValues": {
                ":read": {"N": str(old.version)},
                ":by": {"S": old.write_id},
            },
        }
    entry = {
        **journal_key(new.region, new.epoch, new.write_id),
        "item_id": {"S": new.id},
        "operation": {"S": write.operation},
        "version": {"N": str(new.version)},
        "old": {"M": attributes(old)} if old else {"NULL": True},
        "new": {"M": attributes(new)},
        "at": {"S": new.updated_at},
        "authority": {"S": write.authority},
    }
    puts = [
        {"TableName": table, "Item": {**item_key(new.id), **attributes(new)}, **over},
        {"TableName": table, "Item": entry, "ConditionExpression": "attribute_not_exists(pk)"},
    ]
    if write.request:
        puts.append({"TableName": table, **_idempotency_put(write.request, write)})
    return [{"Put": put} for put in puts]


def _idempotency_put(request: Request, write: Write) -> dict[str, Any]:
    item = {
        **request_key(request.name),
        "content": {"S": request.content},
        "region": {"S": write.new.region},
        "epoch": {"N": str(write.new.epoch)},
        "write_id": {"S": write.new.write_id},
    }
    if write.replaces is None:
        return {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "Item": item,
        "ConditionExpression": "write_id = :replaced",
        "ExpressionAttributeValues": {":replaced": {"S": write.replaces.write_id}},
    }


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


def from_entry(row: Row) -> Write:
    """Read a journal entry as DynamoDB returns it.

    Raises
    ------
    EntryUnreadable
        It is no journal entry.
    """
    try:
        return Write(
            operation=cast("Operation", _short(row, "operation", LONGEST_KEY)),
            new=from_attributes(mapping(row, "new")),
            old=None if is_null(row, "old") else from_attributes(mapping(row, "old")),
            authority=_short(row, "authority", LONGEST_KEY),
        )
    except AttributeInvalid as error:
        raise EntryUnreadable(f"A journal entry has no valid attribute {error}.") from error


def placeholder(row: Row) -> Write:
    """Return a write for a journal entry that cannot be read, from what its key shows.

    Its version is 0. It never fails, whatever the row holds.
    """
    _, region, epoch, _ = [*(try_text(row, "pk") or "").split("#"), "", "", ""][:4]
    item = unreadable_item(
        (try_text(row, "item_id") or "unknown")[:LONGEST_KEY],
        region=region or "unknown",
        epoch=int(epoch) if re.fullmatch("[0-9]{1,15}", epoch) else 0,
        write_id=try_text(row, "sk") or "unknown",
    )
    return Write("replace", item, None)


def unreadable_item(
    item_id: str, *, region: str = "unknown", epoch: int = 0, write_id: str = "unknown"
) -> Item:
    """Return the placeholder of an item that cannot be read."""
    return Item(item_id, "", 0, region, epoch, write_id, "")


def attributes(item: Item) -> dict[str, Any]:
    """Return an item's attributes, types included, without its key."""
    return {
        "id": {"S": item.id},
        "text": {"S": item.text},
        "version": {"N": str(item.version)},
        "region": {"S": item.region},
        "epoch": {"N": str(item.epoch)},
        "write_id": {"S": item.write_id},
        "updated_at": {"S": item.updated_at},
        "deleted": {"BOOL": item.deleted},
    }


def from_attributes(row: Row) -> Item:
    """Read an item as DynamoDB returns it.

    Raises
    ------
    AttributeInvalid
        An attribute is missing or of the wrong type, or longer than we write it.
    """
    return Item(
        id=_short(row, "id", LONGEST_KEY),
        text=_short(row, "text", LONGEST_TEXT, least=0),
        version=number(row, "version"),
        region=_short(row, "region", LONGEST_KEY),
        epoch=number(row, "epoch"),
        write_id=_short(row, "write_id", LONGEST_KEY),
        updated_at=_short(row, "updated_at", LONGEST_KEY, least=0),
        deleted=flag(row, "deleted"),
    )


def _short(row: Row, name: str, longest: int, least: int = 1) -> str:
    """Return a string of a bounded length: what DynamoDB takes as a key, or as a part of a row."""
    value = text_of(row, name)
    if not least <= len(value) <= longest:
        raise AttributeInvalid(name)
    return value
