"""The items table: reads items, and makes the transaction of a write."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilot_light_client.attributes import AttributeInvalid
from pilot_light_client.connection_check import checked
from pilot_light_client.fence import WriteTooLate
from pilot_light_client.table_errors import TableUnavailable, translated

from pilotlight.items.writes import (
    SHARDS,
    SORT_KEY_BYTES,
    EntryUnreadable,
    IdempotencyRecord,
    Item,
    ItemUnreadable,
    Write,
    WriteConflict,
    WriteThrottled,
    WriteUnknown,
    from_attributes,
    from_entry,
    from_idempotency_record,
    item_key,
    journal_key,
    request_key,
    transaction,
    unreadable_item,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.attributes import Row

# Queries of one listing, and rows that each reads at least: deleted items cost a read, too.
QUERIES, ROWS = 5, 100
UNKNOWN = (
    "The table did not answer, or not in time; the write may have been made. Read the item, or try "
    "again in a second."
)


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

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, item_id: str) -> Item | None:
        """Return an item, tombstones included, or None.

        Raises
        ------
        ItemUnreadable
            The row is not as we wrote it.
        """
        row = self._row(item_key(item_id))
        try:
            item = from_attributes(row) if row is not None else None
            if item and item.unreadable:
                raise AttributeInvalid("version")
            return item
        except AttributeInvalid as error:
            raise ItemUnreadable(
                f"The item {item_id!r} has no valid attribute {error}: something else wrote its "
                "row. See docs/runbook/unreadable-rows.md."
            ) from error

    def find(self, item_id: str) -> Item | None:
        """Return an item, tombstones included, its placeholder if unreadable, or None."""
        row = self._row(item_key(item_id))
        return _read(item_id, row) if row is not None else None

    def find_many(self, item_ids: Iterable[str]) -> dict[str, Item]:
        """Return the items of up to a hundred ids, each as `find` does."""
        keys = [item_key(item_id) for item_id in sorted(set(item_ids))]
        if not keys:
            return {}
        with translated():
            answer: Any = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
        rows = answer["Responses"].get(self._table, [])
        items = {row["sk"]["S"]: _read(row["sk"]["S"], row) for row in rows}
        # Keys that did not fit into one answer are read one by one.
        for key in answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", []):
            item = self.find(key["sk"]["S"])
            items |= {key["sk"]["S"]: item} if item else {}
        return items

    def idempotency_record(self, name: str) -> IdempotencyRecord | None:
        """Return the idempotency record of a request, or None.

        Raises
        ------
        ItemUnreadable
            The row is not as we wrote it.
        """
        row = self._row(request_key(name))
        try:
            return from_idempotency_record(row) if row is not None else None
        except AttributeInvalid as error:
            raise ItemUnreadable(
                f"This Idempotency-Key's record has no valid attribute {error}. Use another key."
            ) from error

    def made(self, record: IdempotencyRecord) -> Item | None:
        """Return the item as a recorded request made it, or None if the write is not here."""
        key = journal_key(record.region, record.epoch, record.write_id)
        row = self._row(key)
        try:
            return from_entry(row).new if row is not None else None
        except EntryUnreadable:
            return None

    def answer(self) -> None:
        """Read one key, with or without an item, and raise whatever DynamoDB does."""
        with translated():
            self._client.get_item(
                TableName=self._table, Key=item_key("health"), ConsistentRead=False
            )

    def write(self, write: Write, check: Callable[[], None] = lambda: None) -> None:
        """Make the transaction of a write.

        Parameters
        ----------
        check
            Raises WriteTooLate if nothing may be sent any more. Called before each send.

        Raises
        ------
        WriteTooLate
            Nothing was sent.
        WriteConflict
            The item is no longer the one that the write was planned over.
        WriteThrottled
            The table takes no more writes now.
        WriteUnknown
            It did not answer in time, or with a failure of its own.
        TableUnavailable
            It refused the write, and so did not make it.
        """
        sending = _Sending(check)
        check()
        try:
            with checked(sending.check), translated():
                self._client.transact_write_items(
                    TransactItems=transaction(write, self._table),
                    ClientRequestToken=write.new.write_id,
                )
        except TableUnavailable as error:
            if error.meaning in ("condition", "conflict"):
                raise WriteConflict(
                    f"Another write changed item {write.new.id!r}. Read it again and retry."
                ) from error
            if sending.refused and not sending.sent:
                raise sending.refused from error
            if error.meaning == "throttled":
                raise WriteThrottled("Too many writes. Try again in a second.") from error
            if error.meaning == "unanswered":
                raise WriteUnknown(UNKNOWN) from error
            raise

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
                item = _read(after, row)
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
            "TableName": self._table,
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

    def _row(self, key: dict[str, Any]) -> Row | None:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return answer.get("Item")


class _Sending:
    """Whether a request was sent, and why not."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self.sent = False
        self.refused: WriteTooLate | None = None

    def check(self) -> None:
        try:
            self._check()
        except WriteTooLate as error:
            self.refused = error
            raise
        self.sent = True


def _read(item_id: str, row: Row) -> Item:
    try:
        return from_attributes(row)
    except AttributeInvalid:
        return unreadable_item(item_id)


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
