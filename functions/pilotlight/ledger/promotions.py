"""The records of promotions in the recoveries table."""

from __future__ import annotations

from typing import Any

from pilotlight.ledger.epoch_end import Promotion, from_record
from pilotlight.recoveries import schema


class Promotions:
    """Records, each read at most once: a missing one only makes more count."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table
        self._known: dict[int, Promotion | None] = {}

    def to(self, epoch: int) -> Promotion | None:
        """Return the record of the promotion to an epoch, or None where there is none."""
        if epoch not in self._known:
            key = schema.key(schema.RECOVERY, epoch)
            row = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
            self._known[epoch] = from_record(row["Item"]) if "Item" in row else None
        return self._known[epoch]
