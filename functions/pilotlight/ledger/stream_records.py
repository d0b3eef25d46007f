"""The records of the items stream in the Secondary, and which of them belong in the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pilot_light_client import timestamps
from pilot_light_client.attributes import AttributeInvalid, try_text

from pilotlight.items.writes import (
    EntryUnreadable,
    Item,
    Write,
    from_attributes,
    from_entry,
    placeholder,
)
from pilotlight.journal.history import judge, overwritten
from pilotlight.ledger import epoch_end
from pilotlight.ledger.entry import LedgerEntry, unreadable_entry

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from pilot_light_client.control_item import ControlItem

    from pilotlight.control.table import ControlTable
    from pilotlight.items.table import ItemsTable
    from pilotlight.journal.links import JournalLinks
    from pilotlight.ledger.promotions import Promotions
    from pilotlight.ledger.table import LedgerTable

logger = Logger(child=True)
# Far below what SQS takes, and enough for any key.
LONGEST_BODY = 16_000


class ControlItemUnread(Exception):
    """The control item is missing or was not read. The batch is retried."""


class RecordUnreadable(Exception):
    """A record is not as DynamoDB, or we, write it. It stays so, however often it is tried."""


@dataclass(frozen=True)
class Change:
    """What a record says: a journal entry that arrived, or an item before and after a change.

    `created` is when DynamoDB made the record, in seconds since 1970.
    """

    created: float
    entry: Write | None = None
    new: Item | None = None
    old: Item | None = None


def parse(record: Mapping[str, Any]) -> Change:
    """Read a record of the stream.

    Raises
    ------
    RecordUnreadable
        An image is no journal entry, and no item.
    """
    change = _change(record)
    try:
        created = float(change["ApproximateCreationDateTime"])
        datetime.fromtimestamp(created, UTC)
        image, old = change.get("NewImage"), change.get("OldImage")
        if image is None:
            return Change(created)
        if is_entry(record):
            return Change(created, entry=from_entry(image))
        previous = from_attributes(old) if old else None
        return Change(created, new=from_attributes(image), old=previous)
    except (
        AttributeError,
        AttributeInvalid,
        EntryUnreadable,
        KeyError,
        OSError,
        OverflowError,
        TypeError,
        ValueError,
    ) as error:
        raise RecordUnreadable(f"{type(error).__name__}: {error}") from error


def is_entry(record: Mapping[str, Any]) -> bool:
    """Return whether a record is of a journal entry."""
    keys = _change(record).get("Keys")
    return isinstance(keys, Mapping) and (try_text(keys, "pk") or "").startswith("J#")


def _change(record: Mapping[str, Any]) -> Mapping[str, Any]:
    change = record.get("dynamodb")
    return change if isinstance(change, Mapping) else {}


@dataclass(frozen=True)
class StreamBatch:
    """The records of one batch.

    The control item is read once for each batch: only a read after a record was created shows
    whether the promotion came before it.
    """

    control_table: ControlTable
    journal: JournalLinks
    items: ItemsTable
    promotions: Promotions
    ledger: LedgerTable

    def process(self, change: Change) -> int:
        """Judge the writes of a change, and return how many went to the ledger.

        Raises
        ------
        ControlItemUnread
            The control item is missing or was not read.
        """
        if change.entry:
            return self._process_entry(change.entry, change.created)
        return self._process_item(change.new, change.old, change.created) if change.new else 0

    def record_unreadable(self, record: Mapping[str, Any]) -> None:
        """Put an unreadable journal entry in the ledger, by its key, for a person."""
        change = _change(record)
        image = change.get("NewImage")
        write = placeholder({**(image if isinstance(image, Mapping) else {}), **change["Keys"]})
        self.ledger.put(unreadable_entry(write, self._control.epoch, timestamps.now(), "stream"))

    def _process_entry(self, write: Write, created: float) -> int:
        if not epoch_end.is_over(write.new, self._control):
            return 0
        return self._put(write, late=self._is_late(write.new, created), created=created)

    def _process_item(self, new: Item, old: Item | None, created: float) -> int:
        """Judge an item that the Primary wrote, and the item that it overwrote.

        An item and its journal entry arrive separately. Either may come too late.
        """
        count = 0
        if epoch_end.is_over(new, self._control) and self._is_late(new, created):
            entry = self.journal.link(new)
            count += self._put(entry, late=True, created=created) if entry else 0
        if old is not None and old.region != new.region:
            lost = overwritten(old, self.items.find(new.id), self.journal.link)
            count += sum(self._put(write, late=False, created=None) for write in lost)
        return count

    def _put(self, write: Write, *, late: bool, created: float | None) -> int:
        current = self.items.find(write.new.id)
        arrived = "" if created is None else timestamps.text(datetime.fromtimestamp(created, UTC))
        entry = LedgerEntry(
            write=write,
            late=late,
            history=judge(write.new, current, self.journal.link),
            current=current,
            active_epoch=self._control.epoch,
            found_at=timestamps.now(),
            found_by="stream",
            arrived_at=arrived,
        )
        return int(bool(entry.kinds) and self.ledger.put(entry))

    def _is_late(self, written: Item, created: float) -> bool:
        promotion = self.promotions.to(written.epoch + 1)
        return epoch_end.is_late(
            created,
            epoch_end.ended_at(written.epoch, self._control, promotion, datetime.now(UTC)),
        )

    @cached_property
    def _control(self) -> ControlItem:
        control = self.control_table.try_read()
        if control is None:
            raise ControlItemUnread("The control item is missing or was not read.")
        return control


def process(batch: StreamBatch, record: dict[str, Any], sqs: SQSClient, queue_url: str) -> int:
    """Return how many entries one record added to the ledger.

    What will never be readable is set aside and reported, so that nothing behind it waits. Any
    other failure may be gone at the next attempt.
    """
    try:
        change = parse(record)
    except RecordUnreadable as error:
        logger.warning(
            "Stream record cannot be read: it goes to the dead-letter queue",
            extra={"error": str(error)},
        )
        if is_entry(record):
            batch.record_unreadable(record)
        _report(record, error, sqs, queue_url)
        return 1
    return batch.process(change)


def _report(
    record: Mapping[str, Any], error: RecordUnreadable, sqs: SQSClient, queue_url: str
) -> None:
    """Put a record that was set aside into the dead-letter queue, whose alarm notifies people."""
    change, kind = _change(record), type(error).__name__
    place = {"keys": change.get("Keys"), "sequence_number": change.get("SequenceNumber")}
    sqs.send_message(
        QueueUrl=queue_url,
        MessageBody=json.dumps({**place, "error": str(error)}, default=str)[:LONGEST_BODY],
        MessageAttributes={
            "ERROR_CODE": {"DataType": "String", "StringValue": kind},
            "ERROR_MESSAGE": {"DataType": "String", "StringValue": str(error)[:1000] or "-"},
        },
    )
