"""Ledger stream: the one consumer of the journal's stream in the Secondary."""

from __future__ import annotations

from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.settings import variable
from pilotlight.control.table import ControlTable
from pilotlight.journal.items import AppItems
from pilotlight.journal.links import JournalLinks
from pilotlight.ledger.promotions import Promotions
from pilotlight.ledger.stream_records import StreamBatch, process
from pilotlight.ledger.table import LedgerTable
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.settings import Deployment

logger = Logger()
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
LEDGER_TABLE = variable("LEDGER_TABLE")
DEAD_LETTERS_URL = variable("DEAD_LETTERS_URL")
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
SQS = boto3.client("sqs", config=RECOVERY_STEP)


def new_batch() -> StreamBatch:
    """Return what processes the records of one batch."""
    return StreamBatch(
        control_table=ControlTable(DYNAMODB, DEPLOYMENT.control_table),
        journal=JournalLinks(DYNAMODB, DEPLOYMENT.journal_table, DEPLOYMENT.region),
        items=AppItems(DYNAMODB, DEPLOYMENT.app_tables),
        promotions=Promotions(DYNAMODB, RECOVERIES_TABLE),
        ledger=LedgerTable(DYNAMODB, LEDGER_TABLE),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Process a batch of the stream, and return from which record on Lambda retries it."""
    records, batch, entries = event["Records"], new_batch(), 0
    for record in records:
        try:
            entries += process(batch, record, SQS, DEAD_LETTERS_URL)
        except Exception:
            number = record["dynamodb"]["SequenceNumber"]
            logger.exception(
                "Stream record not processed: Lambda retries from here",
                extra={"sequence_number": number},
            )
            return {"batchItemFailures": [{"itemIdentifier": number}]}
    if entries:
        logger.warning("Ledger entries found", extra={"entries": entries, "records": len(records)})
    return {"batchItemFailures": []}
