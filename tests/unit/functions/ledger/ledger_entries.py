"""Entries of the ledger, made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pilot_light_client import ulid
from pilot_light_client.journal import Write, plan
from pilotlight.journal.history import History
from pilotlight.ledger.entry import LedgerEntry

from tests.unit.functions.fakes import PRIMARY
from tests.unit.functions.journal.made_up import ref

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)


def write(at: datetime = NOON, item_id: str = "tea", region: str = PRIMARY) -> Write:
    write_id = ulid.new(at.timestamp())
    return plan(
        ref(item_id),
        {"text": {"S": "green"}},
        None,
        region=region,
        epoch=1,
        write_id=write_id,
        at="noon",
    )


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
