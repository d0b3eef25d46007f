"""A write is one transaction: the item, and an immutable journal entry of the old and the new."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARDS = 4
ITEM_ID = "^[A-Za-z0-9._-]{1,64}$"
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
    request_key: str = ""


@dataclass(frozen=True)
class Write:
    """One write: the new item, and the old one that it overwrites.

    `authority` let it pass the fence: `quorum`, or `last_resort` or `without_quorum` if the control
    table did not answer. Then the other Region may have taken writes too.
    """

    operation: Operation
    new: Item
    old: Item | None
    authority: str = "quorum"

    @property
    def unreadable(self) -> bool:
        """Whether this is the placeholder of a journal entry that cannot be read."""
        return self.new.version == 0


def is_item_id(text: str) -> bool:
    """Return whether an item can have this id."""
    return re.fullmatch(ITEM_ID, text) is not None


def shard_of(key: str) -> int:
    """Spread keys evenly over the shards, the same in every Region and release."""
    return hashlib.sha256(key.encode()).digest()[0] % SHARDS


def item_key(item_id: str) -> dict[str, Any]:
    """Return the key of an item, attribute types included."""
    return {"pk": {"S": f"I#{shard_of(item_id)}"}, "sk": {"S": item_id}}


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
    request_key: str = "",
) -> Write:
    """Plan a write over the current item.

    `request_key` is the client's Idempotency-Key, by which a retried create finds its own item.

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
        request_key=request_key,
    )
    return Write(operation, new, current)


def transaction(write: Write, table: str) -> list[Any]:
    """Return the TransactItems of one write.

    The item is put only over the version that was read; the journal entry only if there is none.
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
    return [
        {"Put": {"TableName": table, "Item": {**item_key(new.id), **attributes(new)}, **over}},
        {
            "Put": {
                "TableName": table,
                "Item": entry,
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        },
    ]


def from_entry(row: Mapping[str, Any]) -> Write:
    """Read a journal entry as DynamoDB returns it.

    Raises
    ------
    EntryUnreadable
        It is no journal entry.
    """
    try:
        old = row["old"].get("M")
        return Write(
            operation=cast("Operation", row["operation"]["S"]),
            new=from_attributes(row["new"]["M"]),
            old=from_attributes(old) if old else None,
            authority=row["authority"]["S"],
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EntryUnreadable(f"A journal entry has no valid attribute {error}.") from error


def placeholder(row: Mapping[str, Any]) -> Write:
    """Return a write for a journal entry that cannot be read, from its key. Its version is 0."""
    (_, region, epoch, _), write_id = row["pk"]["S"].split("#"), row["sk"]["S"]
    item_id = row["item_id"]["S"] if "item_id" in row else "unknown"
    return Write("replace", Item(item_id, "", 0, region, int(epoch), write_id, ""), None)


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
        "request_key": {"S": item.request_key},
    }


def from_attributes(row: Mapping[str, Any]) -> Item:
    """Read an item as DynamoDB returns it."""
    return Item(
        id=row["id"]["S"],
        text=row["text"]["S"],
        version=int(row["version"]["N"]),
        region=row["region"]["S"],
        epoch=int(row["epoch"]["N"]),
        write_id=row["write_id"]["S"],
        updated_at=row["updated_at"]["S"],
        deleted=row["deleted"]["BOOL"],
        request_key=row["request_key"]["S"],
    )
