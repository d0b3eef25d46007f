"""Reads what the overview is made of: items of this Region's tables, and nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pilotlight.control.item import CONTROL_KEY
from pilotlight.ledger.entry import counts
from pilotlight.recoveries import schema
from pilotlight.replication import heartbeat
from pilotlight.reporting import past_recoveries
from pilotlight.reporting.overview import Gathered
from pilotlight.shared.timestamps import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.ledger.table import LedgerTable
    from pilotlight.replication.heartbeat_table import Heartbeats

# In the order of `Gathered`.
KEYS = (schema.LOCK, schema.SENTINEL, schema.READINESS, schema.REHEARSAL)


@dataclass(frozen=True)
class Facts:
    """Where they stand."""

    dynamodb: Any
    heartbeats: Heartbeats
    ledger: LedgerTable
    control_table: str
    recoveries_table: str
    primary_region: str

    def gather(self) -> Gathered:
        """Read everything, side by side. What cannot be read is told as an error, and no more."""
        kept = partial(self._row, self.recoveries_table)
        questions: list[Callable[[], dict[str, Any]]] = [
            partial(self._row, self.control_table, CONTROL_KEY),
            *(partial(kept, key) for key in KEYS),
            self._held,
            self._open,
        ]
        with ThreadPoolExecutor(len(questions)) as pool:
            control, lock, sentinel, readiness, rehearsal, held, ledger = pool.map(_told, questions)
            records = [
                partial(kept, f"recovery#{epoch}") for epoch in past_recoveries.epochs(control)
            ]
            recoveries = list(pool.map(_told, records))
        return Gathered(control, lock, sentinel, readiness, rehearsal, held, ledger, recoveries)

    def _row(self, table: str, key: str) -> dict[str, Any]:
        found = self.dynamodb.get_item(
            TableName=table, Key={"pk": {"S": key}}, ConsistentRead=True
        ).get("Item", {})
        return {name: _plain(value) for name, value in found.items() if name != "pk"}

    def _held(self) -> dict[str, Any]:
        beats = self.heartbeats.read_all(self.primary_region)
        newest = beats[0].written_at if beats[0] else None
        return {"newest": newest, **heartbeat.replica_state(beats, milliseconds())}

    def _open(self) -> dict[str, Any]:
        return dict(counts(self.ledger.entries("open")))


def _plain(value: dict[str, Any]) -> Any:
    """Read one attribute: text, number and truth as themselves, anything else as None."""
    if "N" in value:
        number = float(value["N"])
        return int(number) if number.is_integer() else number
    return value.get("S", value.get("BOOL"))


def _told(question: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return question()
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
