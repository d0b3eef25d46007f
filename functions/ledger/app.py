"""Ledger: lists, reconciles and resolves the writes that a disaster left behind."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from itertools import islice
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.assembly import fence
from pilot_light_client.aws_clients import write_path_client
from pilot_light_client.settings import variable
from pilotlight.control.table import ControlTable
from pilotlight.journal.items import AppItems
from pilotlight.journal.links import JournalLinks
from pilotlight.ledger import resolve
from pilotlight.ledger.entry import counts, public
from pilotlight.ledger.missing_items import MissingItems
from pilotlight.ledger.promotions import Promotions
from pilotlight.ledger.reconciliation import Reconciliation
from pilotlight.ledger.replay import Replay
from pilotlight.ledger.request import checked
from pilotlight.ledger.table import LedgerTable
from pilotlight.shared import contract
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.other_region import client_of
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment

logger = Logger()
SHOWN = 20
# One piece of the comparison may take this long.
PIECE_MS = 15_000
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
NO_JOURNAL = contract.ledger(DEPLOYMENT.level)
LEDGER = LedgerTable(DYNAMODB, variable("LEDGER_TABLE"))


def reconcile(
    context: LambdaContext, *, from_start: bool, seconds: float = math.inf
) -> dict[str, Any]:
    """Compare with the Primary's journal while there is time, and return how far it came."""
    end = time.monotonic() + seconds
    primary = DEPLOYMENT.primary_region
    clients = {DEPLOYMENT.region: DYNAMODB, primary: client_of(primary, "dynamodb")}
    comparison = Reconciliation.of(DEPLOYMENT, clients, LEDGER, RECOVERIES_TABLE)
    remaining = context.get_remaining_time_in_millis
    compared = comparison.run(
        lambda: remaining() > PIECE_MS and time.monotonic() < end, from_start=from_start
    )
    return {"complete": compared.complete, "compared": compared.writes}


def note_missing(context: LambdaContext) -> dict[str, Any]:
    """Look for items of the Primary's last epoch that are not here, while there is time."""
    look = MissingItems(
        ControlTable(DYNAMODB, DEPLOYMENT.control_table).read(),
        JournalLinks(DYNAMODB, DEPLOYMENT.journal_table, DEPLOYMENT.region),
        AppItems(DYNAMODB, DEPLOYMENT.app_tables),
        Promotions(DYNAMODB, RECOVERIES_TABLE),
        LEDGER,
        DEPLOYMENT.primary_region,
    )
    return asdict(look.note(lambda: context.get_remaining_time_in_millis() > PIECE_MS))


def replaying() -> Replay:
    """Return what replays need."""
    client, region = write_path_client(), DEPLOYMENT.region
    return Replay(
        DEPLOYMENT,
        client,
        fence(DEPLOYMENT),
        AppItems(client, DEPLOYMENT.app_tables),
        JournalLinks(client, DEPLOYMENT.journal_table, region),
        LEDGER,
    )


@recovery_step(logger)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do one action, and return what it did and what is open now."""
    action, done = checked(event), dict[str, Any]()
    if action == "reconcile" and not DEPLOYMENT.journaled:
        done = {
            "complete": True,
            "compared": 0,
            "unknown_because": contract.ledger(DEPLOYMENT.level),
        }
    elif action == "note_missing":
        done = note_missing(context) if DEPLOYMENT.journaled else {}
    elif action == "reconcile":
        given = {name: event[name] for name in ("from_start", "seconds") if name in event}
        done = reconcile(context, **{"from_start": False, **given})
    elif action == "accept":
        done = resolve.accept(LEDGER, event["write_ids"], event["by"])
    elif action == "replay":
        done = resolve.replay(LEDGER, replaying(), event["write_ids"], event["by"])
    open_kinds = LEDGER.open_kinds()
    if action == "list":
        page = LEDGER.entries(event.get("after", ""), SHOWN + 1)
    else:
        page = list(LEDGER.find(islice(open_kinds, SHOWN + 1)).values())
    shown, total = page[:SHOWN], counts(open_kinds.values())
    following = shown[-1].write_id if len(page) > SHOWN else None
    logger.info("Ledger action done", extra={"action": action, "done": done, "open": total})
    return {**done, **total, "entries": [public(e) for e in shown], "next": following}
