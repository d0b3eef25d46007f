"""The journal of one Region in one epoch, and the items it tells of, as a replica holds them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pilotlight.items.writes import SHARDS, item_key, journal_shard
from pilotlight.journal.comparison import LOWEST, Entry, Mark, Page, Version, following
from pilotlight.recoveries import schema
from pilotlight.replication.heartbeat_table import NotRead
from pilotlight.shared.conditional_write import write

if TYPE_CHECKING:
    from collections.abc import Iterable

# Entries of a shard in one answer. Four shards of them tell of ten batches of items at most.
PAGE = 250
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
BATCH = 100
# Queries and batches that are asked at once.
AT_ONCE = 4


class Journal:
    """One replica's journal of a Region and an epoch. All reads are consistent."""

    def __init__(self, client: Any, table: str, region: str, epoch: int) -> None:
        self._client = client
        self._table = table
        self._shards = [journal_shard(region, epoch, n) for n in range(SHARDS)]

    def pages(self, after: str, until: str) -> list[Page]:
        """Return the first page of each shard in a span without its beginning."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda shard: self._page(shard, after, until), self._shards))

    def entries(self, after: str, until: str, at_most: int) -> list[Entry]:
        """Return all entries of a span without its beginning, or more than `at_most` of a shard.

        Whoever expects no more than that knows then that there are too many.
        """

        def whole(shard: str) -> list[Entry]:
            found: list[Entry] = []
            start: str | None = after
            while start is not None and len(found) <= at_most:
                page = self._page(shard, start, until)
                found += page.entries
                start = page.stopped_at
            return found

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [e for entries in pool.map(whole, self._shards) for e in entries]

    def versions(self, item_ids: Iterable[str]) -> dict[str, Version]:
        """Return the version of each item that is there, tombstones included.

        Raises
        ------
        NotRead
            DynamoDB did not answer every key.
        """
        ids = sorted(item_ids)
        batches = [ids[n : n + BATCH] for n in range(0, len(ids), BATCH)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return {k: v for found in pool.map(self._batch, batches) for k, v in found.items()}

    def _page(self, shard: str, after: str, until: str) -> Page:
        if after >= until:
            return Page(())
        found = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :shard AND sk BETWEEN :from AND :until",
            ExpressionAttributeValues={
                ":shard": {"S": shard},
                ":from": {"S": following(after)},
                ":until": {"S": until},
            },
            ProjectionExpression="sk, item_id, version",
            ConsistentRead=True,
            Limit=PAGE,
        )
        entries = tuple(
            Entry(row["sk"]["S"], row["item_id"]["S"], int(row["version"]["N"]))
            for row in found["Items"]
        )
        last = found.get("LastEvaluatedKey")
        return Page(entries, last["sk"]["S"] if last else None)

    def _batch(self, ids: list[str]) -> dict[str, Version]:
        asked = {
            "Keys": [item_key(i) for i in ids],
            "ProjectionExpression": "sk, version, write_id",
            "ConsistentRead": True,
        }
        found = self._client.batch_get_item(RequestItems={self._table: asked})
        if found.get("UnprocessedKeys"):
            raise NotRead(f"The table answered {len(ids)} keys in part.")
        return {
            row["sk"]["S"]: Version(int(row["version"]["N"]), row["write_id"]["S"])
            for row in found["Responses"].get(self._table, [])
        }


class Watermark:
    """How far a Region's journal of an epoch was compared and found equal."""

    def __init__(self, client: Any, table: str, region: str, epoch: int) -> None:
        self._client = client
        self._table = table
        self._key = schema.key(schema.WATERMARK, f"{region}#{epoch}")

    def read(self) -> Mark:
        """Return the watermark; before the first comparison it is below every write id."""
        found = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True)
        if "Item" not in found:
            return Mark(LOWEST, 0)
        return Mark(found["Item"]["watermark"]["S"], int(found["Item"]["compared"]["N"]))

    def advance(self, mark: Mark) -> None:
        """Move it on. One that another run has moved further stays where it is."""
        write(
            self._client.update_item,
            TableName=self._table,
            Key=self._key,
            UpdateExpression="SET watermark = :to, compared = :compared",
            ConditionExpression="attribute_not_exists(pk) OR watermark < :to",
            ExpressionAttributeValues={
                ":to": {"S": mark.write_id},
                ":compared": {"N": str(mark.compared)},
            },
        )
