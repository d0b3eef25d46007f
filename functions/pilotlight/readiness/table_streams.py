"""The latest changes of the application's tables, by the streams that global tables have."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pilot_light_client.attributes import AttributeInvalid, number, text
from pilot_light_client.journal import Ref, Version, entry_key, partition, ref_of
from pilot_light_client.table_errors import TableUnavailable, translated

from pilotlight.readiness.journaled_writes import Change
from pilotlight.recoveries import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from pilotlight.shared.app_tables import AppTable

# Changes of a table in a sample, and shards that are opened for them. A rehearsal has seconds.
SAMPLE, SHARDS, SECONDS = 100, 12, 3.0
# Records of a page, at most, and empty pages after which a shard has no more.
PAGE, EMPTY_PAGES = 1000, 3
WITH_IMAGES = "NEW_AND_OLD_IMAGES"
# Tables that are read at the same time.
PARALLEL = 4


class NoStream(Exception):
    """A table has no stream that shows what a change was made over."""


class TableStreams:
    """Reads the streams of one Region's replicas, without canaries of Pilot Light itself."""

    def __init__(self, dynamodb: DynamoDBClient, streams: Any, regions: Iterable[str]) -> None:
        self._dynamodb, self._client, self._regions = dynamodb, streams, tuple(regions)

    def latest(self, tables: Iterable[AppTable]) -> dict[str, list[Change]]:
        """Return a sample of each table's changes of the last day, from its newest shards.

        Raises
        ------
        NoStream
            A table has none, or one without images.
        TableUnavailable
            A stream was not answered.
        """
        named = {table.name: table for table in tables}
        end = time.monotonic() + SECONDS
        with ThreadPoolExecutor(PARALLEL) as pool:
            read = pool.map(lambda table: self._of_table(table, end), named.values())
            return dict(zip(named, read, strict=True))

    def _of_table(self, table: AppTable, end: float) -> list[Change]:
        own = [table.canary_key(f"{schema.CANARY}{region}") for region in self._regions]
        changes: list[Change] = []
        with translated():
            stream = self._stream(table.name)
            for shard in self._shards(stream)[:SHARDS]:
                records = self._records(stream, shard, SAMPLE - len(changes), end)
                changes += [_change(table.name, r) for r in records if r["Keys"] not in own]
                if len(changes) >= SAMPLE or time.monotonic() > end:
                    break
        return changes

    def _stream(self, table: str) -> str:
        described = self._dynamodb.describe_table(TableName=table)["Table"]
        view = described.get("StreamSpecification", {}).get("StreamViewType")
        if view != WITH_IMAGES:
            raise NoStream(
                f"The stream of {table} has {view or 'nothing: there is none'}. It must have "
                f"{WITH_IMAGES}, which a global table has."
            )
        return described["LatestStreamArn"]

    def _shards(self, stream: str) -> list[str]:
        """Return the shards of a stream, the newest first: their names begin with their time."""
        shards: list[str] = []
        start: dict[str, str] = {}
        while True:
            page = self._client.describe_stream(StreamArn=stream, **start)["StreamDescription"]
            shards += [shard["ShardId"] for shard in page["Shards"]]
            last = page.get("LastEvaluatedShardId")
            if last is None:
                return sorted(shards, reverse=True)
            start = {"ExclusiveStartShardId": last}

    def _records(self, stream: str, shard: str, newest: int, end: float) -> list[dict[str, Any]]:
        """Return the newest records of a shard, of those that are reached in time.

        A shard is read from its beginning; a page may be empty although more follow.
        """
        iterator: str | None = self._client.get_shard_iterator(
            StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found, empty = deque[dict[str, Any]](maxlen=newest), 0
        while iterator is not None and empty < EMPTY_PAGES:
            try:
                page = self._client.get_records(ShardIterator=iterator, Limit=PAGE)
            except self._client.exceptions.TrimmedDataAccessException:
                # Its records went while it was opened.
                break
            found += (record["dynamodb"] for record in page["Records"])
            empty = 0 if page["Records"] else empty + 1
            iterator = page.get("NextShardIterator")
            if time.monotonic() > end:
                break
        return list(found)


def _change(table: str, record: dict[str, Any]) -> Change:
    return Change(
        Ref.of(table, record["Keys"]),
        record["ApproximateCreationDateTime"],
        record.get("NewImage"),
        record.get("OldImage"),
    )


def find_entries(
    client: DynamoDBClient, journal_table: str, versions: Iterable[Version]
) -> dict[Version, Ref]:
    """Return the item that each entry names, for those that this Region's journal has.

    Raises
    ------
    TableUnavailable
        The journal did not answer every key.
    """
    found: dict[Version, Ref] = {}
    for batch in _batches(sorted(versions, key=lambda v: v.write_id)):
        keys = [entry_key(v.region, v.epoch, v.write_id) for v in batch]
        request: Any = {
            journal_table: {
                "Keys": keys,
                "ConsistentRead": True,
                "ProjectionExpression": "pk, sk, #table, #key, version",
                "ExpressionAttributeNames": {"#table": "table", "#key": "key"},
            }
        }
        with translated():
            answer: Any = client.batch_get_item(RequestItems=request)
        if answer.get("UnprocessedKeys"):
            raise TableUnavailable("throttled", f"The journal answered {len(keys)} keys in part.")
        for row in answer["Responses"].get(journal_table, []):
            try:
                region, epoch = partition(text(row, "pk"))
                version = Version(number(row, "version"), text(row, "sk"), region, epoch)
                found[version] = ref_of(row)
            except AttributeInvalid:
                continue
    return found


def _batches(versions: list[Version]) -> Iterator[list[Version]]:
    for start in range(0, len(versions), SAMPLE):
        yield versions[start : start + SAMPLE]
