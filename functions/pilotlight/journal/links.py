"""The journal as one Region's replica of the items table holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from ulid import ULID

from pilotlight.items.writes import (
    EntryUnreadable,
    Item,
    Write,
    from_entry,
    journal_key,
    placeholder,
)
from pilotlight.journal.comparison import following

if TYPE_CHECKING:
    from datetime import datetime

LAST = "Z" * 26


class JournalUnread(Exception):
    """A Region's journal could not be read. What was not read is not missing."""


class JournalLinks:
    """Reads entries, each at most once: they never change."""

    def __init__(self, client: Any, table: str, region: str) -> None:
        self._client = client
        self._table = table
        self._region = region
        self._known: dict[str, Write] = {}

    def link(self, item: Item) -> Write | None:
        """Return the entry of the write that made a version of an item, or None.

        An unreadable entry counts as missing.

        Raises
        ------
        JournalUnread
            The Region did not answer.
        """
        if item.write_id not in self._known:
            key = journal_key(item.region, item.epoch, item.write_id)
            found = self._ask("get_item", Key=key, ConsistentRead=True)
            if "Item" not in found:
                return None
            try:
                self._known[item.write_id] = from_entry(found["Item"])
            except EntryUnreadable:
                return None
        return self._known[item.write_id]

    def page(
        self, shard: str, after: str, upto: str = LAST, limit: int = 100
    ) -> tuple[list[Write], str | None]:
        """Return entries of a shard by their time, and after which to go on, or None at its end.

        A placeholder takes the place of an unreadable entry.

        Parameters
        ----------
        shard
            `J#<region>#<epoch>#<shard>`.
        after, upto
            ULIDs: the first is left out, the last is not.

        Raises
        ------
        JournalUnread
            The Region did not answer.
        """
        if after >= upto:
            return [], None
        found = self._ask(
            "query",
            KeyConditionExpression="pk = :shard AND sk BETWEEN :from AND :upto",
            ExpressionAttributeValues={
                ":shard": {"S": shard},
                ":from": {"S": following(after)},
                ":upto": {"S": upto},
            },
            ConsistentRead=True,
            Limit=limit,
        )
        writes = [_read(row) for row in found["Items"]]
        self._known |= {w.new.write_id: w for w in writes if not w.unreadable}
        last = found.get("LastEvaluatedKey")
        return writes, last["sk"]["S"] if last else None

    def _ask(self, operation: str, **asked: Any) -> Any:
        try:
            return getattr(self._client, operation)(TableName=self._table, **asked)
        except (BotoCoreError, ClientError) as error:
            raise JournalUnread(f"The journal in {self._region} was not read: {error}") from error


def _read(row: dict[str, Any]) -> Write:
    try:
        return from_entry(row)
    except EntryUnreadable:
        return placeholder(row)


def ulid_at(moment: datetime | None) -> str:
    """Return the lowest ULID of a moment, or of all time."""
    return str(ULID.from_datetime(moment))[:10] + "0" * 16 if moment else "0" * 26
