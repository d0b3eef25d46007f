"""Ledger stream: the one consumer of the items stream in the Secondary."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
from pilotlight.control.table import ControlTable
from pilotlight.items.table import ItemsTable
from pilotlight.journal.links import JournalLinks, JournalUnread
from pilotlight.ledger.promotions import Promotions
from pilotlight.ledger.stream_records import ControlItemUnread, StreamBatch, is_entry
from pilotlight.ledger.table import LedgerTable
from pilotlight.shared.aws_clients import client
from pilotlight.shared.settings import Deployment, required

logger = Logger()
# What another attempt may find gone.
PASSING = (BotoCoreError, ClientError, ControlItemUnread, JournalUnread)


def stream_batch() -> StreamBatch:
    """Return what looks at one batch."""
    known, dynamodb = Deployment.from_environment(), client("dynamodb")
    return StreamBatch(
        control_table=ControlTable(dynamodb, known.control_table),
        journal=JournalLinks(dynamodb, known.items_table, known.region),
        items=ItemsTable(dynamodb, known.items_table),
        promotions=Promotions(dynamodb, required("RECOVERIES_TABLE")),
        ledger=LedgerTable(dynamodb, required("LEDGER_TABLE")),
    )


def process(batch: StreamBatch, record: dict[str, Any], queue: str) -> int:
    """Return how many findings went to the ledger.

    What will never be readable is set aside and told, so that what is behind it need not wait.
    """
    try:
        return batch.process(record)
    except PASSING:
        raise
    except Exception as error:
        logger.exception("Stream record cannot be read: it goes to the dead-letter queue")
        if is_entry(record):
            batch.record_unreadable(record)
        tell(record, error, queue)
        return 1


def tell(record: dict[str, Any], error: Exception, queue: str) -> None:
    """Put a record that was set aside into the dead-letter queue, whose alarm tells a person."""
    change, kind = record["dynamodb"], type(error).__name__
    said = {"keys": change["Keys"], "sequence_number": change["SequenceNumber"]}
    client("sqs").send_message(
        QueueUrl=queue,
        MessageBody=json.dumps({**said, "error": f"{kind}: {error}"}),
        MessageAttributes={
            "ERROR_CODE": {"DataType": "String", "StringValue": kind},
            "ERROR_MESSAGE": {"DataType": "String", "StringValue": str(error)[:1000] or "-"},
        },
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Look at a batch of the stream, and answer from which record on it is to be tried again."""
    records = event["Records"]
    batch, queue, found = stream_batch(), required("DEAD_LETTERS_URL"), 0
    for record in records:
        try:
            found += process(batch, record, queue)
        except Exception:
            number = record["dynamodb"]["SequenceNumber"]
            logger.exception(
                "Stream record not processed: Lambda retries from here",
                extra={"sequence_number": number},
            )
            return {"batchItemFailures": [{"itemIdentifier": number}]}
    if found:
        logger.warning("Ledger entries found", extra={"found": found, "records": len(records)})
    return {"batchItemFailures": []}
