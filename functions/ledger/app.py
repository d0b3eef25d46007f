"""Ledger: lists, reconciles and resolves the writes that a disaster left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilotlight.control.assembly import fence
from pilotlight.control.table import ControlTable
from pilotlight.items.service import ItemService
from pilotlight.items.table import ItemsTable
from pilotlight.journal.links import JournalLinks
from pilotlight.ledger import resolve
from pilotlight.ledger.entry import counts, public
from pilotlight.ledger.promotions import Promotions
from pilotlight.ledger.reconciliation import Reconciliation
from pilotlight.ledger.request import checked
from pilotlight.ledger.table import LedgerTable
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.other_region import client_of
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.ledger.reconciliation import ReconcileResult

logger = Logger()
SHOWN = 20
# One piece of the comparison may take this long.
PIECE_MS = 15_000
DEPLOYMENT = Deployment.from_environment()
LEDGER_TABLE = variable("LEDGER_TABLE")
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
ITEMS = ItemsTable(DYNAMODB, DEPLOYMENT.items_table)
LEDGER = LedgerTable(DYNAMODB, LEDGER_TABLE)
CONTROL = ControlTable(DYNAMODB, DEPLOYMENT.control_table)


def reconcile(may_continue: Callable[[], bool], *, from_start: bool) -> ReconcileResult:
    """Compare with the Primary's journal, and return how far it came."""
    here, primary, control = DEPLOYMENT.region, DEPLOYMENT.primary_region, CONTROL.read()
    clients = {here: DYNAMODB, primary: client_of(primary, "dynamodb")}
    journals = {r: JournalLinks(c, DEPLOYMENT.items_table, r) for r, c in clients.items()}
    promotions = Promotions(DYNAMODB, RECOVERIES_TABLE)
    comparison = Reconciliation(control, journals, here, ITEMS, promotions, LEDGER)
    return comparison.run(may_continue, from_start=from_start)


@recovery_step(logger)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do one action, and return what it did and what is open now."""
    action, done = checked(event), dict[str, Any]()
    if action == "reconcile":
        remaining = context.get_remaining_time_in_millis
        from_start = event.get("from_start", False)
        compared = reconcile(lambda: remaining() > PIECE_MS, from_start=from_start)
        done = {"complete": compared.complete, "compared": compared.writes}
    elif action in ("accept", "replay"):
        entries, by = resolve.select(LEDGER, event["write_ids"]), event["by"]
        if action == "accept":
            done = resolve.accept(LEDGER, entries, by)
        else:
            service = ItemService(DEPLOYMENT, fence(DEPLOYMENT), ITEMS)
            done = resolve.replay(LEDGER, service, entries, by)
    entries = LEDGER.entries()
    shown = [e for e in entries if action == "list" or e.status == "open"][:SHOWN]
    total = counts(entries)
    logger.info("Ledger action done", extra={"action": action, "done": done, "open": total})
    return {**done, **total, "entries": [public(e) for e in shown]}
