"""The journal of one Region in one epoch, and the items that it changed, in one replica."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pilot_light_client.attributes import AttributeInvalid, number, text
from pilot_light_client.conditional_write import write
from pilot_light_client.table_errors import TableUnavailable, translated

from pilotlight.items.writes import SHARDS, item_key, journal_shard
from pilotlight.journal.comparison import (
    HIGHEST,
    LOWEST,
    UNREADABLE,
    Entry,
    Mark,
    Page,
    Version,
    key_after,
)
from pilotlight.recoveries import schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.attributes import Row

# Entries of a shard in one answer. Four shards of them name ten batches of items at most.
PAGE = 250
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
BATCH = 100
# Queries and batches that are sent at the same time.
PARALLEL = 4


def query_shard(
    client: DynamoDBClient,
    table: str,
    shard: str,
    after: str,
    until: str,
    limit: int,
    **projection: Any,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return rows of a shard above one write id up to another, and where the answer stopped."""
    if after >= until:
        return [], None
    with translated():
        page = client.query(
            TableName=table,
            KeyConditionExpression="pk = :shard AND sk BETWEEN :from AND :until",
            ExpressionAttributeValues={
                ":shard": {"S": shard},
                ":from": {"S": key_after(after)},
                ":until": {"S": until},
            },
            ConsistentRead=True,
            Limit=limit,
            **projection,
        )
    last: Any = page.get("LastEvaluatedKey")
    return page["Items"], last["sk"]["S"] if last else None


class Journal:
    """One replica's journal of a Region and an epoch. All reads are consistent."""

    def __init__(self, client: DynamoDBClient, table: str, region: str, epoch: int) -> None:
        self._client = client
        self._table = table
        self._shards = [journal_shard(region, epoch, n) for n in range(SHARDS)]

    def pages(self, after: str, until: str) -> list[Page]:
        """Return the first page of each shard in a span, without the write `after`."""
        with ThreadPoolExecutor(PARALLEL) as pool:
            return list(pool.map(lambda shard: self._page(shard, after, until), self._shards))

    def entries(self, after: str, until: str, at_most: int) -> list[Entry]:
        """Return all entries of a span without `after`, or more than `at_most` of a shard.

        A caller that expects no more than that knows then that there are too many.
        """

        def whole(shard: str) -> list[Entry]:
            entries: list[Entry] = []
            start: str | None = after
            while start is not None and len(entries) <= at_most:
                page = self._page(shard, start, until)
                entries += page.entries
                start = page.stopped_at
            return entries

        with ThreadPoolExecutor(PARALLEL) as pool:
            return [e for entries in pool.map(whole, self._shards) for e in entries]

    def versions(self, item_ids: Iterable[str]) -> dict[str, Version]:
        """Return the version of each item that exists, tombstones included.

        Raises
        ------
        TableUnavailable
            DynamoDB did not answer every key.
        """
        ids = sorted(item_ids)
        batches = [ids[n : n + BATCH] for n in range(0, len(ids), BATCH)]
        with ThreadPoolExecutor(PARALLEL) as pool:
            return {k: v for batch in pool.map(self._batch, batches) for k, v in batch.items()}

    def _page(self, shard: str, after: str, until: str) -> Page:
        projection = {"ProjectionExpression": "sk, item_id, version"}
        rows, stopped_at = query_shard(
            self._client, self._table, shard, after, until, PAGE, **projection
        )
        return Page(tuple(map(_entry, rows)), stopped_at)

    def _batch(self, ids: list[str]) -> dict[str, Version]:
        with translated():
            answer = self._client.batch_get_item(
                RequestItems={
                    self._table: {
                        "Keys": [item_key(i) for i in ids],
                        "ProjectionExpression": "sk, version, write_id",
                        "ConsistentRead": True,
                    }
                }
            )
        if answer.get("UnprocessedKeys"):
            raise TableUnavailable("throttled", f"The table answered {len(ids)} keys in part.")
        rows = answer["Responses"].get(self._table, [])
        return {row["sk"]["S"]: _version(row) for row in rows}


def _entry(row: Row) -> Entry:
    """Read an entry's key and its item. The item of an unreadable one is empty."""
    try:
        entry = Entry(text(row, "sk"), text(row, "item_id"), number(row, "version"))
    except AttributeInvalid:
        return Entry(row["sk"]["S"], UNREADABLE, 0)
    return entry if entry.version > 0 else Entry(entry.write_id, UNREADABLE, 0)


def _version(row: Row) -> Version:
    """Read an item's version. An unreadable one is older than any."""
    try:
        return Version(max(number(row, "version"), 0), text(row, "write_id"))
    except AttributeInvalid:
        return Version(0, "")


class Watermark:
    """How far a Region's journal of an epoch was compared and was equal."""

    def __init__(self, client: DynamoDBClient, table: str, region: str, epoch: int) -> None:
        self._client = client
        self._table = table
        self._key = schema.key(schema.WATERMARK, f"{region}#{epoch}")

    def read(self) -> Mark:
        """Return the watermark. Where none can be read, all is compared again."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=self._key, ConsistentRead=True
            )
        item = answer.get("Item", {})
        try:
            mark = Mark(
                text(item, "watermark"), number(item, "compared"), number(item, "unreadable")
            )
        except AttributeInvalid:
            return Mark(LOWEST, 0)
        return mark if LOWEST <= mark.write_id <= HIGHEST else Mark(LOWEST, 0)

    def advance(self, mark: Mark) -> None:
        """Move the watermark on, unless another run has moved it further."""
        write(
            self._client.update_item,
            TableName=self._table,
            Key=self._key,
            UpdateExpression="SET watermark = :to, compared = :compared, unreadable = :unreadable",
            ConditionExpression="attribute_not_exists(pk) OR watermark < :to",
            ExpressionAttributeValues={
                ":to": {"S": mark.write_id},
                ":compared": {"N": str(mark.compared)},
                ":unreadable": {"N": str(mark.unreadable)},
            },
        )
