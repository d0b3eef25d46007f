"""Ledger: lists, reconciles and resolves the writes that a disaster left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
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
from pilotlight.shared.aws_clients import client
from pilotlight.shared.other_region import client_of
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, required

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.ledger.reconciliation import ReconcileResult

logger = Logger()
SHOWN = 20
# One piece of the comparison may take this long.
PIECE_MS = 15_000


class Ledger:
    """The ledger and all that it is compared with."""

    def __init__(self, known: Deployment) -> None:
        self._known, dynamodb = known, client("dynamodb")
        self.table = LedgerTable(dynamodb, required("LEDGER_TABLE"))
        self._control = ControlTable(dynamodb, known.control_table)
        self._items = ItemsTable(dynamodb, known.items_table)
        self._promotions = Promotions(dynamodb, required("RECOVERIES_TABLE"))

    def reconcile(self, may_continue: Callable[[], bool], *, from_start: bool) -> ReconcileResult:
        """Compare with the Primary's journal, and return how far it came."""
        known, control = self._known, self._control.read()
        clients = {known.region: client("dynamodb")}
        clients[known.primary_region] = client_of(known.primary_region, "dynamodb")
        journals = {r: JournalLinks(c, known.items_table, r) for r, c in clients.items()}
        return Reconciliation(
            control, journals, known.region, self._items, self._promotions, self.table
        ).run(may_continue, from_start=from_start)

    def service(self) -> ItemService:
        """Return what writes items behind the fence."""
        return ItemService(self._known, fence(self._known), self._items)


@recovery_step(logger)
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do one action, and return what it did and what is open now."""
    action = checked(event)
    ledger, done = Ledger(Deployment.from_environment()), dict[str, Any]()
    if action == "reconcile":
        remaining = context.get_remaining_time_in_millis
        found = ledger.reconcile(
            lambda: remaining() > PIECE_MS, from_start=event.get("from_start", False)
        )
        done = {"complete": found.complete, "compared": found.writes}
    elif action in ("accept", "replay"):
        entries, by = resolve.select(ledger.table, event["write_ids"]), event["by"]
        if action == "accept":
            done = resolve.accept(ledger.table, entries, by)
        else:
            done = resolve.replay(ledger.table, ledger.service(), entries, by)
    kept = ledger.table.entries()
    shown = [e for e in kept if action == "list" or e.status == "open"][:SHOWN]
    logger.info("Ledger action done", extra={"action": action, "done": done, "open": counts(kept)})
    return {**done, **counts(kept), "entries": [public(e) for e in shown]}
