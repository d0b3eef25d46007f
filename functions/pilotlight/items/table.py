"""The items table: reads items, and makes the transaction of a write."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectionError as NotConnected, HTTPClientError

from pilotlight.control.fence import WriteTooLate
from pilotlight.items.writes import (
    SHARDS,
    Item,
    Write,
    WriteConflict,
    WriteThrottled,
    WriteUnknown,
    from_attributes,
    is_item_id,
    item_key,
    transaction,
)
from pilotlight.shared.connection_check import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mypy_boto3_dynamodb import DynamoDBClient

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
CONFLICTS = frozenset(
    {
        "ConditionalCheckFailed",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionCanceledException",
    }
)
THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingError",
        "ThrottlingException",
    }
)
# The service failed, perhaps after it had made the write.
FAILURES = frozenset({"InternalServerError", "ServiceUnavailable", "InternalFailure"})
UNKNOWN = (
    "The table did not answer, or not in time; the write may have been made. Read the item, or try "
    "again in a second."
)


class BadCursor(Exception):
    """The cursor of a listing was not made by this API."""


class ItemsTable:
    """The Region's own replica of the items table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, item_id: str) -> Item | None:
        """Return an item, tombstones included, or None."""
        answer = self._client.get_item(
            TableName=self._table, Key=item_key(item_id), ConsistentRead=True
        )
        return from_attributes(answer["Item"]) if "Item" in answer else None

    def get_many(self, item_ids: Iterable[str]) -> dict[str, Item]:
        """Return the items of up to a hundred ids, tombstones included."""
        keys = [item_key(item_id) for item_id in sorted(set(item_ids))]
        if not keys:
            return {}
        answer: Any = self._client.batch_get_item(
            RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
        )
        items = map(from_attributes, answer["Responses"].get(self._table, []))
        # Keys that did not fit into one answer are read one by one.
        rest = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
        others = filter(None, (self.get(key["sk"]["S"]) for key in rest))
        return {item.id: item for item in (*items, *others)}

    def answer(self) -> None:
        """Read one key, with or without an item, and raise whatever DynamoDB does."""
        self._client.get_item(TableName=self._table, Key=item_key("health"), ConsistentRead=False)

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
        """
        sending = _Sending(check)
        check()
        try:
            with checked(sending.check):
                self._client.transact_write_items(
                    TransactItems=transaction(write, self._table),
                    ClientRequestToken=write.new.write_id,
                )
        except ClientError as error:
            causes = _causes(error)
            if causes & CONFLICTS:
                raise WriteConflict(
                    f"Another write changed item {write.new.id!r}. Read it again and retry."
                ) from error
            if causes & THROTTLES:
                raise WriteThrottled("Too many writes. Try again in a second.") from error
            if causes & FAILURES:
                raise WriteUnknown(UNKNOWN) from error
            raise
        except (HTTPClientError, NotConnected) as error:
            if sending.refused and not sending.sent:
                raise sending.refused from error
            raise WriteUnknown(UNKNOWN) from error

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
            page: Any = self._client.query(**query)
            for item in map(from_attributes, page["Items"]):
                if not item.deleted:
                    items.append(item)
                if len(items) == limit:
                    return items, _encode(shard, item.id)
            last = page.get("LastEvaluatedKey")
            shard, after = (shard, last["sk"]["S"]) if last else (shard + 1, None)
        return items, None


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


def _causes(error: ClientError) -> set[str]:
    """Return the reasons of a cancelled transaction if it gives them, or else the error's code."""
    reasons = error.response.get("CancellationReasons", [])
    return {r.get("Code", "") for r in reasons} or {error.response["Error"]["Code"]}


def _encode(shard: int, after: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([shard, after]).encode()).decode()


def _decode(cursor: str | None) -> tuple[int, str | None]:
    if not cursor:
        return 0, None
    try:
        shard, after = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        # A bool is an int, and no shard.
        if type(shard) is int and 0 <= shard < SHARDS and is_item_id(after):
            return shard, after
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise BadCursor("The parameter next is not a cursor of this listing.") from error
    raise BadCursor("The parameter next is not a cursor of this listing.")
