"""The journal: a write of an item is one transaction, of the item and of an immutable entry.

docs/journal.md is the specification, docs/journal-vectors.json its test. The item carries which
write made it, in an attribute of its own; the entry has what was written, and which write it was
written over. So a write that is acknowledged never vanishes without a trace.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from pilot_light_client.attributes import (
    AttributeInvalid,
    flag,
    is_key,
    is_null,
    mapping,
    number,
    text,
    try_text,
)
from pilot_light_client.journal_days import LEAST_DAYS, checked_days
from pilot_light_client.ulid_format import moment_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilot_light_client.attributes import Row
    from pilot_light_client.fence import Authority

# Readers ask each of them, so that this is no setting: one who knew fewer would miss entries and
# prove too much. A partition takes 1,000 write units a second, and an entry in a transaction two:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
SHARDS = 16
DAY_SECONDS = 86_400
# The attribute of a journaled item that names the write which made it.
MARK = "pilot_light"
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
LONGEST_TABLE_NAME = 255
# The longest Region, id or time. A longer value was not written by this module.
LONGEST = 256
# Made once: a comparison of journals writes the key of each entry.
CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
Operation = Literal["put", "delete"]


class KeyUnsupported(ValueError):
    """An item's key is not one or two attributes of text or number."""


class EntryUnreadable(Exception):
    """A journal entry cannot be read: an attribute is missing or of the wrong type."""


@dataclass(frozen=True, order=True)
class Ref:
    """An item of an application's table: the table, and the item's key as canonical JSON."""

    table: str
    key: str

    @classmethod
    def of(cls, table: str, key: Row) -> Ref:
        """Return the reference to an item by its key, attribute types included.

        Raises
        ------
        KeyUnsupported
            It is not one or two attributes of text or number.
        """
        if not is_key(key):
            raise KeyUnsupported(
                f"An item of the table {table} cannot be journaled by this key: {dict(key)!r:.200}."
                ' A key has one or two attributes, each {"S": "text"} or {"N": "number"}.'
            )
        return cls(table, CANONICAL.encode(key))

    @property
    def attributes(self) -> dict[str, Any]:
        """The item's key, attribute types included."""
        return cast("dict[str, Any]", json.loads(self.key))

    def __str__(self) -> str:
        """Return it as people read it."""
        if not self.key:
            return self.table
        values = (next(iter(value.values())) for value in self.attributes.values())
        return f"{self.table}/{'/'.join(map(str, values))}"


@dataclass(frozen=True)
class Version:
    """A version of an item: its number, and the write that made it. Number 0 is unreadable."""

    number: int
    write_id: str
    region: str
    epoch: int


@dataclass(frozen=True)
class Item:
    """An item as one write made it.

    `image` has its attributes, types included, without its key and its mark. A deleted item stays
    as a tombstone, whose version counts on.
    """

    ref: Ref
    version: Version
    at: str
    image: Row
    deleted: bool = False

    @property
    def unreadable(self) -> bool:
        """Whether this is the placeholder of an item that cannot be read."""
        return self.version.number < 1


@dataclass(frozen=True)
class Write:
    """One write: the item that it makes, and the version that it is made over.

    From `keep_until` on, in seconds since 1970, DynamoDB may delete its entry; None is never.

    `authority` let it pass the fence: `quorum`, or `last_resort` or `without_quorum` if the control
    table did not answer. Then the other Region may have taken writes too.
    """

    operation: Operation
    new: Item
    previous: Version | None
    authority: str = "quorum"
    keep_until: int | None = None

    @property
    def id(self) -> str:
        """The write's id."""
        return self.new.version.write_id

    @property
    def unreadable(self) -> bool:
        """Whether this is the placeholder of a journal entry that cannot be read."""
        return self.new.unreadable


def plan(
    ref: Ref,
    image: Row | None,
    over: Row | None,
    *,
    region: str,
    epoch: int,
    write_id: str,
    at: str,
    authority: Authority = "quorum",
    days: int = LEAST_DAYS,
) -> Write:
    """Plan a write over an item as it was read.

    Parameters
    ----------
    image
        The attributes of the new item, types included; its key and its mark may be among them, so
        that a changed row serves. None deletes it.
    over
        The item's row as it was read, tombstone included, or None if there is none.
    days
        For how many days its entry is kept: the deployment's JournalDays.

    Raises
    ------
    AttributeInvalid
        The row's mark is not as this module writes it.
    ValueError
        `days` are neither 0 nor LEAST_DAYS or more.
    """
    kept = keep_until(write_id, checked_days(days))
    previous = version_of(over) if over else None
    number_ = previous.number + 1 if previous else 1
    version = Version(number_, write_id, region, epoch)
    new = Item(ref, version, at, _image(ref, image or {}), deleted=image is None)
    return Write("delete" if image is None else "put", new, previous, authority, kept)


def keep_until(write_id: str, days: int) -> int | None:
    """Return when the entry of a write expires, in seconds since 1970, or None for never.

    It follows from the ULID, by whose time journals are compared. An id that is none has no time.
    """
    moment = moment_of(write_id)
    return int(moment.timestamp()) + days * DAY_SECONDS if days and moment else None


def transaction(write: Write, journal_table: str, over: Row | None) -> list[dict[str, Any]]:
    """Return the TransactItems of a write: its item over the version that was read, its entry."""
    ref, version = write.new.ref, write.new.version
    key = ref.attributes
    item = {**write.new.image, **key, MARK: {"M": mark_of(write.new)}}
    entry = {
        **entry_key(version.region, version.epoch, version.write_id),
        "table": {"S": ref.table},
        "key": {"M": key},
        "operation": {"S": write.operation},
        "version": {"N": str(version.number)},
        "previous": {"M": _stored(write.previous)} if write.previous else {"NULL": True},
        "image": {"M": dict(write.new.image)},
        "at": {"S": write.new.at},
        "authority": {"S": write.authority},
    }
    if write.keep_until is not None:
        entry["keep_until"] = {"N": str(write.keep_until)}
    return [
        {"Put": {"TableName": ref.table, "Item": item, **_only_over(key, write.previous, over)}},
        {
            "Put": {
                "TableName": journal_table,
                "Item": entry,
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        },
    ]


def _only_over(key: Row, previous: Version | None, over: Row | None) -> dict[str, Any]:
    """Return the condition that the item is still the one over which the write was planned."""
    names = {"#key": min(key), "#mark": MARK}
    if previous is not None:
        return {
            "ConditionExpression": "#mark.#version = :version AND #mark.#id = :id",
            "ExpressionAttributeNames": {"#mark": MARK, "#version": "version", "#id": "write_id"},
            "ExpressionAttributeValues": {
                ":version": {"N": str(previous.number)},
                ":id": {"S": previous.write_id},
            },
        }
    if over:
        # It is older than the journal.
        condition = "attribute_exists(#key) AND attribute_not_exists(#mark)"
        return {"ConditionExpression": condition, "ExpressionAttributeNames": names}
    return {
        "ConditionExpression": "attribute_not_exists(#key)",
        "ExpressionAttributeNames": {"#key": min(key)},
    }


def shard_of(key: str) -> int:
    """Spread keys evenly over the shards, the same in every Region and release."""
    return hashlib.sha256(key.encode()).digest()[0] % SHARDS


def shard_key(region: str, epoch: int, shard: int) -> str:
    """Return the partition of one shard of a Region's journal in an epoch."""
    return f"J#{region}#{epoch}#{shard}"


def entry_key(region: str, epoch: int, write_id: str) -> dict[str, Any]:
    """Return the key of an entry. Region, epoch and ULID make it collide with no other."""
    return {"pk": {"S": shard_key(region, epoch, shard_of(write_id))}, "sk": {"S": write_id}}


def version_of(row: Row) -> Version | None:
    """Return the version of an item's row, or None for a row that is older than the journal.

    Raises
    ------
    AttributeInvalid
        Its mark is not as this module writes it.
    """
    return _version(mapping(row, MARK)) if MARK in row else None


def is_deleted(row: Row) -> bool:
    """Return whether an item's row is a tombstone."""
    return MARK in row and flag(mapping(row, MARK), "deleted")


def mark_of(item: Item) -> dict[str, Any]:
    """Return the mark that an item carries, types included."""
    return {
        **_stored(item.version),
        "at": {"S": item.at},
        "deleted": {"BOOL": item.deleted},
    }


def from_row(ref: Ref, row: Row) -> Item:
    """Read an item's row as DynamoDB returns it.

    Raises
    ------
    AttributeInvalid
        It has no valid mark.
    """
    mark = mapping(row, MARK)
    return Item(ref, _version(mark), _short(mark, "at"), _image(ref, row), flag(mark, "deleted"))


def from_entry(row: Row) -> Write:
    """Read a journal entry as DynamoDB returns it.

    Raises
    ------
    EntryUnreadable
        It is no journal entry.
    """
    try:
        region, epoch = partition(text(row, "pk"))
        operation = _short(row, "operation")
        if operation not in get_args(Operation):
            raise AttributeInvalid("operation")
        version = Version(number(row, "version"), _short(row, "sk"), region, epoch)
        new = Item(
            ref_of(row), version, _short(row, "at"), mapping(row, "image"), operation == "delete"
        )
        previous = None if is_null(row, "previous") else _version(mapping(row, "previous"))
        authority = _short(row, "authority")
        write = Write(cast("Operation", operation), new, previous, authority, read_keep_until(row))
    except AttributeInvalid as error:
        raise EntryUnreadable(f"A journal entry has no valid attribute {error}.") from error
    if write.unreadable:
        raise EntryUnreadable("A journal entry has no valid attribute version.")
    return write


def read_keep_until(row: Row) -> int | None:
    """Return when an entry expires, in seconds since 1970, or None for never.

    Raises
    ------
    AttributeInvalid
        It is not as this module writes it.
    """
    return number(row, "keep_until") if "keep_until" in row else None


def ref_of(row: Row) -> Ref:
    """Return the item of an entry, or of a row that names one by `table` and `key`.

    Raises
    ------
    AttributeInvalid
        It names none.
    """
    key = mapping(row, "key")
    if not is_key(key):
        raise AttributeInvalid("key")
    return Ref.of(_short(row, "table"), key)


def placeholder(row: Row) -> Write:
    """Return a write for a journal entry that cannot be read, from what its key shows.

    Its version is 0. It never fails, whatever the row holds.
    """
    try:
        region, epoch = partition(try_text(row, "pk") or "")
    except AttributeInvalid:
        region, epoch = "unknown", 0
    try:
        ref = ref_of(row)
    except AttributeInvalid:
        ref = Ref((try_text(row, "table") or "unknown")[:LONGEST_TABLE_NAME], "")
    version = Version(0, try_text(row, "sk") or "unknown", region, epoch)
    return Write("put", Item(ref, version, "", {}), None)


def unreadable_item(ref: Ref) -> Item:
    """Return the placeholder of an item that cannot be read."""
    return Item(ref, Version(0, "unknown", "unknown", 0), "", {})


def partition(pk: str) -> tuple[str, int]:
    """Return the Region and the epoch of a journal's partition.

    Raises
    ------
    AttributeInvalid
        It is no such partition.
    """
    match = re.fullmatch(r"J#([^#]{1,64})#([0-9]{1,15})#[0-9]{1,4}", pk)
    if match is None:
        raise AttributeInvalid("pk")
    return match[1], int(match[2])


def _image(ref: Ref, row: Row) -> dict[str, Any]:
    """Return an item's attributes without its key and its mark."""
    names = {*ref.attributes, MARK}
    return {name: value for name, value in row.items() if name not in names}


def _stored(version: Version) -> dict[str, Any]:
    return {
        "version": {"N": str(version.number)},
        "write_id": {"S": version.write_id},
        "region": {"S": version.region},
        "epoch": {"N": str(version.epoch)},
    }


def _version(row: Mapping[str, Any]) -> Version:
    """Read a version, which counts from 1."""
    count = number(row, "version")
    if count < 1:
        raise AttributeInvalid("version")
    return Version(count, _short(row, "write_id"), _short(row, "region"), number(row, "epoch"))


def _short(row: Row, name: str) -> str:
    """Return a string of a bounded length: what DynamoDB takes as a key, or as a part of a row."""
    value = text(row, name)
    if not 1 <= len(value) <= LONGEST:
        raise AttributeInvalid(name)
    return value
