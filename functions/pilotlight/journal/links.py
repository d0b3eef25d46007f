"""The journal as one Region's replica of its table holds it, entry by entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilot_light_client.journal import (
    EntryUnreadable,
    Version,
    Write,
    entry_key,
    from_entry,
    placeholder,
)
from pilot_light_client.table_errors import TableUnavailable, translated

from pilotlight.journal.comparison import HIGHEST
from pilotlight.journal.reader import query_shard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.attributes import Row


class JournalLinks:
    """Reads entries, each at most once: they never change."""

    def __init__(self, client: DynamoDBClient, table: str, region: str) -> None:
        self._client = client
        self._table = table
        self._region = region
        self._entries: dict[str, Write] = {}

    def link(self, version: Version) -> Write | None:
        """Return the entry of the write that made a version of an item, or None.

        An unreadable entry counts as missing.

        Raises
        ------
        TableUnavailable
            The Region did not answer. An entry that was not read is not missing.
        """
        if version.write_id not in self._entries:
            key = entry_key(version.region, version.epoch, version.write_id)
            try:
                with translated():
                    row = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
                if "Item" not in row:
                    return None
                self._entries[version.write_id] = from_entry(row["Item"])
            except TableUnavailable as error:
                raise self._unread(error) from error
            except EntryUnreadable:
                return None
        return self._entries[version.write_id]

    def page(
        self, shard: str, after: str, until: str = HIGHEST, limit: int = 100
    ) -> tuple[list[Write], str | None]:
        """Return entries of a shard by their time, and after which to continue, or None at its end.

        A placeholder takes the place of an unreadable entry.

        Parameters
        ----------
        shard
            `J#<region>#<epoch>#<shard>`.
        after, until
            ULIDs: the first is excluded, the last is not.

        Raises
        ------
        TableUnavailable
            The Region did not answer. An entry that was not read is not missing.
        """
        try:
            rows, stopped_at = query_shard(self._client, self._table, shard, after, until, limit)
        except TableUnavailable as error:
            raise self._unread(error) from error
        return self._kept(rows), stopped_at

    def newest(self, shard: str, since: str) -> Iterator[list[Write]]:
        """Yield the entries of a shard from the newest back to a write id, a hundred at a time.

        A placeholder takes the place of an unreadable entry.

        Raises
        ------
        TableUnavailable
            The Region did not answer.
        """
        try:
            with translated():
                pages = self._client.get_paginator("query").paginate(
                    TableName=self._table,
                    KeyConditionExpression="pk = :shard AND sk > :since",
                    ExpressionAttributeValues={":shard": {"S": shard}, ":since": {"S": since}},
                    ConsistentRead=True,
                    ScanIndexForward=False,
                    PaginationConfig={"PageSize": 100},
                )
                for page in pages:
                    yield self._kept(page["Items"])
        except TableUnavailable as error:
            raise self._unread(error) from error

    def _kept(self, rows: list[dict[str, Any]]) -> list[Write]:
        writes = [_read(row) for row in rows]
        self._entries |= {w.id: w for w in writes if not w.unreadable}
        return writes

    def _unread(self, error: TableUnavailable) -> TableUnavailable:
        return TableUnavailable(
            error.meaning, f"The journal in {self._region} was not read: {error}"
        )


def _read(row: Row) -> Write:
    try:
        return from_entry(row)
    except EntryUnreadable:
        return placeholder(row)
