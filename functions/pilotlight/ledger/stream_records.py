"""The records of the journal's stream in the Secondary, and which of them belong in the ledger.

They are the entries of the Primary. One of an epoch that is over is late. Reconciling finds what it
overwrote. An item that is missing although its entry is here is found by `missing_items.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pilot_light_client import timestamps
from pilot_light_client.journal import EntryUnreadable, Write, from_entry, placeholder

from pilotlight.journal.history import judge
from pilotlight.ledger import epoch_end
from pilotlight.ledger.entry import LedgerEntry, unreadable_entry

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from pilot_light_client.control_item import ControlItem

    from pilotlight.control.table import ControlTable
    from pilotlight.journal.items import AppItems
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
class Arrival:
    """A journal entry that arrived, and when DynamoDB made the record, in seconds since 1970."""

    write: Write
    created: float


def parse(record: Mapping[str, Any]) -> Arrival | None:
    """Read a record of the stream, or return None where the record holds no image.

    Raises
    ------
    RecordUnreadable
        Its image is no journal entry.
    """
    change = _change(record)
    try:
        created = float(change["ApproximateCreationDateTime"])
        datetime.fromtimestamp(created, UTC)
        image = change.get("NewImage")
        return None if image is None else Arrival(from_entry(image), created)
    except (
        AttributeError,
        EntryUnreadable,
        KeyError,
        OSError,
        OverflowError,
        TypeError,
        ValueError,
    ) as error:
        raise RecordUnreadable(f"{type(error).__name__}: {error}") from error


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
    items: AppItems
    promotions: Promotions
    ledger: LedgerTable

    def process(self, arrival: Arrival) -> int:
        """Judge a write that arrived, and return 1 if it went to the ledger.

        Raises
        ------
        ControlItemUnread
            The control item is missing or was not read.
        """
        write, version = arrival.write, arrival.write.new.version
        if not epoch_end.is_over(version, self._control):
            return 0
        current = self.items.find(write.new.ref)
        over = self.journal.link(write.previous) if write.previous else None
        entry = LedgerEntry(
            write=write,
            late=self._is_late(version.epoch, arrival.created),
            history=judge(version, current, self.journal.link),
            current=current,
            old=over.new if over else None,
            active_epoch=self._control.epoch,
            found_at=timestamps.now(),
            found_by="stream",
            arrived_at=timestamps.text(datetime.fromtimestamp(arrival.created, UTC)),
        )
        return int(bool(entry.kinds) and self.ledger.put(entry))

    def record_unreadable(self, record: Mapping[str, Any]) -> None:
        """Put an unreadable journal entry in the ledger, by its key, for a person."""
        change = _change(record)
        image, keys = change.get("NewImage"), change.get("Keys")
        rows = (row for row in (image, keys) if isinstance(row, Mapping))
        write = placeholder({name: value for row in rows for name, value in row.items()})
        self.ledger.put(unreadable_entry(write, self._control.epoch, timestamps.now(), "stream"))

    def _is_late(self, epoch: int, created: float) -> bool:
        promotion = self.promotions.to(epoch + 1)
        ended = epoch_end.ended_at(epoch, self._control, promotion, datetime.now(UTC))
        return epoch_end.is_late(created, ended)

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
        arrival = parse(record)
    except RecordUnreadable as error:
        logger.warning(
            "Stream record cannot be read: it goes to the dead-letter queue",
            extra={"error": str(error)},
        )
        batch.record_unreadable(record)
        _report(record, error, sqs, queue_url)
        return 1
    return batch.process(arrival) if arrival else 0


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
