"""The items table: reads items, and makes the transaction of a write."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilot_light_client.attributes import AttributeInvalid
from pilot_light_client.journal import EntryUnreadable, entry_key, from_entry, transaction
from pilot_light_client.table_errors import TableUnavailable, translated
from pilot_light_client.transaction import send

from items.item import (
    SHARDS,
    SORT_KEY_BYTES,
    IdempotencyRecord,
    Item,
    ItemUnreadable,
    Request,
    from_idempotency_record,
    from_item_row,
    from_journaled,
    idempotency_put,
    item_key,
    request_key,
    unreadable_item,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.attributes import Row
    from pilot_light_client.journal import Write

# Queries of one listing, and rows that each reads at least: deleted items cost a read, too.
QUERIES, ROWS = 5, 100


class BadCursor(Exception):
    """The cursor of a listing was not made by this API."""


@dataclass(frozen=True)
class Listing:
    """A page of live items, the cursor of the next, and the ids of rows that cannot be read."""

    items: list[Item]
    next: str | None
    unreadable: list[str]


class ItemsTable:
    """The Region's own replica of the items table. Each method may raise TableUnavailable."""

    def __init__(self, client: DynamoDBClient, table: str, journal_table: str) -> None:
        self._client = client
        self.name = table
        self._journal = journal_table

    def read(self, item_id: str) -> tuple[Item | None, Row | None]:
        """Return an item, tombstones included, and its row, or None.

        Raises
        ------
        ItemUnreadable
            The row is not as we wrote it.
        """
        row = self._row(self.name, item_key(item_id))
        try:
            return (
                (from_item_row(self.name, item_id, row), row) if row is not None else (None, None)
            )
        except AttributeInvalid as error:
            raise ItemUnreadable(
                f"The item {item_id!r} has no valid attribute {error}: something else wrote its "
                "row. See docs/runbook/unreadable-rows.md."
            ) from error

    def idempotency_record(self, name: str) -> IdempotencyRecord | None:
        """Return the idempotency record of a request, or None.

        Raises
        ------
        ItemUnreadable
            The row is not as we wrote it.
        """
        row = self._row(self.name, request_key(name))
        try:
            return from_idempotency_record(row) if row is not None else None
        except AttributeInvalid as error:
            raise ItemUnreadable(
                f"This Idempotency-Key's record has no valid attribute {error}. Use another key."
            ) from error

    def made(self, record: IdempotencyRecord) -> Item | None:
        """Return the item as a recorded request made it, or None if the write is not here."""
        row = self._row(self._journal, entry_key(record.region, record.epoch, record.write_id))
        try:
            return from_journaled(from_entry(row).new) if row is not None else None
        except (AttributeInvalid, EntryUnreadable):
            return None

    def answer(self) -> None:
        """Read one key, with or without an item, and raise whatever DynamoDB does."""
        with translated():
            self._client.get_item(TableName=self.name, Key=item_key("health"), ConsistentRead=False)

    def try_a_write(self) -> None:
        """Send a write whose condition is never true, and raise what keeps the table from it.

        It costs a write unit and changes nothing.
        """
        never = "attribute_exists(pk) AND attribute_not_exists(pk)"
        try:
            with translated():
                self._client.put_item(
                    TableName=self.name, Item=item_key("health"), ConditionExpression=never
                )
        except TableUnavailable as error:
            if error.meaning not in ("condition", "conflict"):
                raise

    def write(
        self,
        write: Write,
        over: Row | None,
        *,
        check: Callable[[], None] = lambda: None,
        request: Request | None = None,
        replaces: IdempotencyRecord | None = None,
    ) -> None:
        """Make the transaction of a write, with the idempotency record of its request, if any.

        It raises what the client's `transaction.send` raises.
        """
        items = transaction(write, self._journal, over)
        if request:
            version = write.new.version
            record = IdempotencyRecord(request, version.region, version.epoch, version.write_id)
            put = idempotency_put(request, record, replaces)
            items.append({"Put": {"TableName": self.name, **put}})
        send(self._client, items, token=write.id, check=check)

    def page(self, limit: int, cursor: str | None) -> Listing:
        """Return a page of live items, newest id first within each shard.

        It reads a bounded number of rows. A page may so be short, or empty, and have a next one.
        """
        shard, after = _decode(cursor)
        items: list[Item] = []
        unreadable: list[str] = []
        for _ in range(QUERIES):
            rows, more = self._rows(shard, after, max(limit, ROWS))
            for row in rows:
                after = row["sk"]["S"]
                item = self._read(after, row)
                if item.unreadable:
                    unreadable.append(after)
                elif not item.deleted:
                    items.append(item)
                if len(items) == limit:
                    return Listing(items, _encode(shard, after), unreadable)
            if not more:
                shard, after = shard + 1, None
            if shard == SHARDS:
                return Listing(items, None, unreadable)
        return Listing(items, _encode(shard, after), unreadable)

    def _rows(self, shard: int, after: str | None, limit: int) -> tuple[list[Row], bool]:
        """Return rows of a shard below a sort key, and whether there may be more."""
        query: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "pk = :shard",
            "ExpressionAttributeValues": {":shard": {"S": f"I#{shard}"}},
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if after is not None:
            query["ExclusiveStartKey"] = {"pk": {"S": f"I#{shard}"}, "sk": {"S": after}}
        with translated():
            page: Any = self._client.query(**query)
        return page["Items"], "LastEvaluatedKey" in page

    def _read(self, item_id: str, row: Row) -> Item:
        try:
            return from_item_row(self.name, item_id, row)
        except AttributeInvalid:
            return unreadable_item(item_id)

    def _row(self, table: str, key: dict[str, Any]) -> Row | None:
        with translated():
            answer = self._client.get_item(TableName=table, Key=key, ConsistentRead=True)
        return answer.get("Item")


def _encode(shard: int, after: str | None) -> str:
    return base64.urlsafe_b64encode(json.dumps([shard, after]).encode()).decode()


def _decode(cursor: str | None) -> tuple[int, str | None]:
    if not cursor:
        return 0, None
    try:
        shard, after = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        # A bool is an int, and no shard.
        if type(shard) is int and 0 <= shard < SHARDS and (after is None or _is_sort_key(after)):
            return shard, after
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadCursor("The parameter next is not a cursor of this listing.") from error
    raise BadCursor("The parameter next is not a cursor of this listing.")


def _is_sort_key(after: str) -> bool:
    return 0 < len(after.encode()) <= SORT_KEY_BYTES
