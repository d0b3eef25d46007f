"""Ledger stream: the one consumer of the items stream in the Secondary."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from pilotlight.adapters.clients import client
from pilotlight.adapters.control_table import ControlTable
from pilotlight.adapters.items_table import ItemsTable
from pilotlight.adapters.journal_links import JournalLinks
from pilotlight.adapters.ledger_table import LedgerTable
from pilotlight.adapters.promotions import Promotions
from pilotlight.arrivals import Arrivals
from pilotlight.settings import Deployment, required

logger = Logger()


def arrivals() -> Arrivals:
    """Return what looks at one batch."""
    known, dynamodb = Deployment.from_environment(), client("dynamodb")
    return Arrivals(
        control_table=ControlTable(dynamodb, known.control_table),
        journal=JournalLinks(dynamodb, known.items_table, known.region),
        items=ItemsTable(dynamodb, known.items_table),
        promotions=Promotions(dynamodb, required("RECOVERIES_TABLE")),
        ledger=LedgerTable(dynamodb, required("LEDGER_TABLE")),
    )


def call_echo() -> bool:
    """Have a heartbeat answered, and say whether it will be. If not, the next one calls again."""
    try:
        function = required("ECHO_FUNCTION")
        client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
    except Exception as error:
        logger.warning("The echo was not called", extra={"error": str(error)})
        return False
    return True


def is_beat(record: dict[str, Any]) -> bool:
    """Say whether a record is of a heartbeat."""
    return bool(record["dynamodb"]["Keys"]["pk"]["S"].startswith("H#"))


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Look at a batch of the stream, and answer from which record on it is to be tried again."""
    records = event["Records"]
    answer = {"echo_called": call_echo()} if any(map(is_beat, records)) else {}
    batch, found = arrivals(), 0
    for record in (r for r in records if not is_beat(r)):
        try:
            found += batch.take(record)
        except Exception:
            number = record["dynamodb"]["SequenceNumber"]
            logger.exception("A record was not looked at", extra={"sequence_number": number})
            return {**answer, "batchItemFailures": [{"itemIdentifier": number}]}
    if found:
        logger.warning("Entries for the ledger", extra={"found": found, "records": len(records)})
    return {**answer, "batchItemFailures": []}
