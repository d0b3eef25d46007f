"""The journal as one Region's replica of the items table holds it, entry by entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pilotlight.items.writes import (
    EntryUnreadable,
    Item,
    Write,
    from_entry,
    journal_key,
    placeholder,
)
from pilotlight.journal.comparison import HIGHEST
from pilotlight.journal.reader import query_shard

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class JournalUnread(Exception):
    """A Region's journal could not be read. An entry that was not read is not missing."""


class JournalLinks:
    """Reads entries, each at most once: they never change."""

    def __init__(self, client: DynamoDBClient, table: str, region: str) -> None:
        self._client = client
        self._table = table
        self._region = region
        self._entries: dict[str, Write] = {}

    def link(self, item: Item) -> Write | None:
        """Return the entry of the write that made a version of an item, or None.

        An unreadable entry counts as missing.

        Raises
        ------
        JournalUnread
            The Region did not answer.
        """
        if item.write_id not in self._entries:
            key = journal_key(item.region, item.epoch, item.write_id)
            try:
                row = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
                self._entries[item.write_id] = from_entry(row["Item"])
            except (BotoCoreError, ClientError) as error:
                raise self._unread(error) from error
            except (EntryUnreadable, KeyError):
                return None
        return self._entries[item.write_id]

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
        JournalUnread
            The Region did not answer.
        """
        try:
            rows, stopped_at = query_shard(self._client, self._table, shard, after, until, limit)
        except (BotoCoreError, ClientError) as error:
            raise self._unread(error) from error
        writes = [_read(row) for row in rows]
        self._entries |= {w.new.write_id: w for w in writes if not w.unreadable}
        return writes, stopped_at

    def _unread(self, error: Exception) -> JournalUnread:
        return JournalUnread(f"The journal in {self._region} was not read: {error}")


def _read(row: dict[str, Any]) -> Write:
    try:
        return from_entry(row)
    except EntryUnreadable:
        return placeholder(row)
