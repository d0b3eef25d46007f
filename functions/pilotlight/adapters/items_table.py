"""The items table: reads items, and makes the transaction of a write."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from botocore.exceptions import ClientError

from pilotlight.domain.writes import (
    SHARDS,
    Item,
    Write,
    WriteConflict,
    from_attributes,
    item_key,
    transaction,
)


class BadCursor(Exception):
    """The cursor of a listing was not made by this API."""


class ItemsTable:
    """The Region's own replica of the items table."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, item_id: str) -> Item | None:
        """Return an item, tombstones included, or None."""
        found = self._client.get_item(
            TableName=self._table, Key=item_key(item_id), ConsistentRead=True
        )
        return from_attributes(found["Item"]) if "Item" in found else None

    def write(self, write: Write) -> None:
        """Make the transaction of a write.

        Raises
        ------
        WriteConflict
            The item is no longer the one that the write was planned over.
        """
        try:
            self._client.transact_write_items(
                TransactItems=transaction(write, self._table),
                ClientRequestToken=write.new.write_id,
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in ("TransactionCanceledException", "TransactionConflictException"):
                raise WriteConflict(
                    f"Another write changed item {write.new.id!r}. Read it again and retry."
                ) from error
            raise

    def list(self, limit: int, cursor: str | None) -> tuple[list[Item], str | None]:
        """Return a page of live items, newest id first within each shard, and the next cursor."""
        shard, after = _decode(cursor)
        items: list[Item] = []
        while shard < SHARDS:
            query: dict[str, Any] = {
                "TableName": self._table,
                "KeyConditionExpression": "pk = :shard",
                "ExpressionAttributeValues": {":shard": {"S": f"I#{shard}"}},
                "ScanIndexForward": False,
                "Limit": limit,
            }
            if after:
                query["ExclusiveStartKey"] = {"pk": {"S": f"I#{shard}"}, "sk": {"S": after}}
            page = self._client.query(**query)
            for found in map(from_attributes, page["Items"]):
                if not found.deleted:
                    items.append(found)
                if len(items) == limit:
                    return items, _encode(shard, found.id)
            last = page.get("LastEvaluatedKey")
            shard, after = (shard, last["sk"]["S"]) if last else (shard + 1, None)
        return items, None


def _encode(shard: int, after: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([shard, after]).encode()).decode()


def _decode(cursor: str | None) -> tuple[int, str | None]:
    if not cursor:
        return 0, None
    try:
        shard, after = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if isinstance(shard, int) and isinstance(after, str) and 0 <= shard < SHARDS:
            return shard, after
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadCursor("The parameter next is not a cursor of this listing.") from error
    raise BadCursor("The parameter next is not a cursor of this listing.")
