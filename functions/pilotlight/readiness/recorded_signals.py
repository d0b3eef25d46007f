"""What others have written down for a recovery: heartbeats, the sentinel, the scheduled verdict.

Nothing of it is a trial of the Secondary. What cannot be read is told as an error, and no more.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilotlight.recoveries import schema
from pilotlight.replication import heartbeat
from pilotlight.shared.timestamps import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.replication.heartbeat_table import Heartbeats


@dataclass(frozen=True)
class Witnesses:
    """Where they have written."""

    heartbeats: Heartbeats
    dynamodb: Any
    recoveries_table: str
    primary_region: str

    def ask(self) -> dict[str, Any]:
        """Return what each says, as evidence."""
        questions: dict[str, Callable[[], Any]] = {
            "replication": self._replication,
            "sentinel": lambda: row(self.dynamodb, self.recoveries_table, schema.SENTINEL),
            "scheduled": lambda: row(self.dynamodb, self.recoveries_table, schema.READINESS),
        }
        with ThreadPoolExecutor(len(questions)) as pool:
            return dict(zip(questions, pool.map(told, questions.values()), strict=True))

    def _replication(self) -> dict[str, Any]:
        beats = self.heartbeats.read_all(self.primary_region)
        return heartbeat.replica_state(beats, milliseconds())


def row(dynamodb: Any, table: str, key: str) -> dict[str, Any]:
    """Return what an item of the recoveries table says in strings, without the long ones."""
    found = dynamodb.get_item(TableName=table, Key={"pk": {"S": key}}, ConsistentRead=True).get(
        "Item", {}
    )
    return {k: v["S"] for k, v in found.items() if "S" in v and k not in ("pk", "checks")}


def told(question: Callable[[], Any]) -> dict[str, Any]:
    """Return an answer, or the error that came instead of it."""
    try:
        return dict(question())
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
