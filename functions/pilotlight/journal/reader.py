"""The journal of one Region in one epoch, and the items that it changed, in one replica."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pilot_light_client.attributes import AttributeInvalid, number, text
from pilot_light_client.conditional_write import write
from pilot_light_client.journal import (
    MARK,
    SHARDS,
    Ref,
    Version,
    keep_until,
    partition,
    read_keep_until,
    ref_of,
    shard_key,
    version_of,
)
from pilot_light_client.journal_days import LEAST_DAYS
from pilot_light_client.table_errors import TableUnavailable, translated

from pilotlight.journal.comparison import (
    HIGHEST,
    LOWEST,
    Entry,
    Mark,
    Page,
    key_after,
)
from pilotlight.recoveries import schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.attributes import Row

    from pilotlight.shared.app_tables import AppTables

# Entries of a shard in one answer. All shards of them name forty batches of items at most.
PAGE = 4000 // SHARDS
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
BATCH = 100
# What is read of a mark. Reading answers is most of a comparison's work.
VERSION = ("version", "write_id", "region", "epoch")
# The version of an item that has no valid mark.
UNREADABLE = Version(0, "", "", 0)
# Queries and batches that are sent at the same time. Half of them wait for the other Region.
PARALLEL = 16


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
    """One replica's journal of a Region and an epoch. All reads are consistent.

    An entry of a table that the contract does not declare counts as unreadable. One that may be
    deleted in one Region already is left out: its `keep_until` is `passed_at` or earlier. Both
    Regions have to be read with the same.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        tables: AppTables,
        region: str,
        epoch: int,
        passed_at: int = 0,
    ) -> None:
        self._client = client
        self._table, self._tables = table, tables
        self._passed_at = passed_at
        self._shards = [shard_key(region, epoch, n) for n in range(SHARDS)]

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

    def versions(self, items: Iterable[Ref]) -> dict[Ref, Version]:
        """Return the version of each item that exists, tombstones included.

        Raises
        ------
        TableUnavailable
            DynamoDB did not answer every key.
        """
        refs = sorted(items)
        batches = [refs[n : n + BATCH] for n in range(0, len(refs), BATCH)]
        with ThreadPoolExecutor(PARALLEL) as pool:
            return {k: v for batch in pool.map(self._batch, batches) for k, v in batch.items()}

    def _page(self, shard: str, after: str, until: str) -> Page:
        projection = {
            "ProjectionExpression": "pk, sk, #table, #key, version, keep_until",
            "ExpressionAttributeNames": {"#table": "table", "#key": "key"},
        }
        rows, stopped_at = query_shard(
            self._client, self._table, shard, after, until, PAGE, **projection
        )
        entries = (_entry(row, self._tables, self._passed_at) for row in rows)
        return Page(tuple(entry for entry in entries if entry), stopped_at)

    def _batch(self, refs: list[Ref]) -> dict[Ref, Version]:
        wanted = {table: [r for r in refs if r.table == table] for table in {r.table for r in refs}}
        request: Any = {table: _request(those) for table, those in wanted.items()}
        with translated():
            answer: Any = self._client.batch_get_item(RequestItems=request)
        if answer.get("UnprocessedKeys"):
            raise TableUnavailable("throttled", f"The table answered {len(refs)} keys in part.")
        versions: dict[Ref, Version] = {}
        for table, rows in answer["Responses"].items():
            names = set(wanted[table][0].attributes)
            for row in rows:
                key = {name: value for name, value in row.items() if name in names}
                versions[Ref.of(table, key)] = _version(row)
        return versions


def _request(refs: list[Ref]) -> dict[str, Any]:
    """Return what to read of a table's items: their keys and their marks."""
    keys = {f"#k{n}": name for n, name in enumerate(sorted(refs[0].attributes))}
    parts = {f"#{name}": name for name in VERSION}
    names = {**keys, "#mark": MARK, **parts}
    return {
        "Keys": [ref.attributes for ref in refs],
        "ProjectionExpression": ", ".join([*keys, *(f"#mark.{part}" for part in parts)]),
        "ExpressionAttributeNames": names,
        "ConsistentRead": True,
    }


def _entry(row: Row, tables: AppTables, passed_at: int) -> Entry | None:
    """Read an entry's key, its item and its version, which an unreadable one does not have.

    One whose time has passed is None. One that is kept for less than every writer promises is
    unreadable: it may have been deleted before anybody could compare it.
    """
    try:
        item, (region, epoch) = ref_of(row), partition(text(row, "pk"))
        version = Version(number(row, "version"), text(row, "sk"), region, epoch)
        until = read_keep_until(row)
        if until is not None and until < (keep_until(version.write_id, LEAST_DAYS) or until + 1):
            raise AttributeInvalid("keep_until")
    except AttributeInvalid:
        return Entry(row["sk"]["S"], None, None)
    if until is not None and until <= passed_at:
        return None
    if version.number < 1 or not tables.holds(item):
        return Entry(version.write_id, None, None)
    return Entry(version.write_id, item, version)


def _version(row: Row) -> Version:
    """Read an item's version. An unreadable one is older than any."""
    try:
        return version_of(row) or UNREADABLE
    except AttributeInvalid:
        return UNREADABLE


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
                text(item, "watermark"),
                number(item, "compared"),
                number(item, "unreadable"),
                text(item, "uncompared_since") if "uncompared_since" in item else "",
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
            UpdateExpression="SET watermark = :to, compared = :compared, unreadable = :unreadable, "
            "uncompared_since = :since",
            ConditionExpression="attribute_not_exists(pk) OR watermark < :to",
            ExpressionAttributeValues={
                ":to": {"S": mark.write_id},
                ":compared": {"N": str(mark.compared)},
                ":unreadable": {"N": str(mark.unreadable)},
                ":since": {"S": mark.uncompared_since},
            },
        )
