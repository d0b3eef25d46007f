"""Entries of the ledger, made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pilotlight.items.writes import Write, plan
from pilotlight.journal.history import History
from pilotlight.ledger.entry import LedgerEntry
from ulid import ULID

from tests.unit.functions.fakes import PRIMARY

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)


def write(at: datetime = NOON, item_id: str = "tea", region: str = PRIMARY) -> Write:
    given = {"item_id": item_id, "text": "green", "write_id": str(ULID.from_datetime(at))}
    return plan("create", current=None, region=region, epoch=1, now="noon", **given)  # type: ignore[arg-type]


def entry(**changes: Any) -> LedgerEntry:
    found = LedgerEntry(
        write=write(),
        late=True,
        history=History("lost", "-"),
        current=write().new,
        active_epoch=2,
        found_at="1",
        found_by="stream",
        arrived_at="0",
    )
    return replace(found, **changes)
