"""Reads what the overview consists of: items of this Region's tables, and nothing else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pilot_light_client import heartbeat
from pilot_light_client.control_item import CONTROL_KEY
from pilot_light_client.heartbeat_table import Heartbeats
from pilot_light_client.timestamps import milliseconds

from pilotlight.ledger.entry import counts
from pilotlight.readiness.recorded_signals import plain_item, read_all
from pilotlight.recoveries import schema
from pilotlight.reporting import past_recoveries
from pilotlight.reporting.overview import Gathered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.heartbeat import Heartbeat

    from pilotlight.ledger.table import LedgerTable
    from pilotlight.shared.settings import Deployment


def gather(
    dynamodb: DynamoDBClient, deployment: Deployment, ledger: LedgerTable, recoveries_table: str
) -> Gathered:
    """Read everything at once. What cannot be read is returned as an error."""
    heartbeats = Heartbeats(dynamodb, deployment.journal_table)
    recoveries = partial(plain_item, dynamodb, recoveries_table)
    facts = read_all(
        {
            "control": partial(plain_item, dynamodb, deployment.control_table, CONTROL_KEY),
            "lock": partial(recoveries, schema.LOCK),
            "sentinel": partial(recoveries, schema.SENTINEL),
            "readiness": partial(recoveries, schema.READINESS),
            "rehearsal": partial(recoveries, schema.REHEARSAL),
            "heartbeats": lambda: _of_heartbeats(heartbeats.read_all(deployment.primary_region)),
            "ledger": lambda: counts(ledger.open_kinds().values()),
        }
    )
    epochs = past_recoveries.epochs(facts["control"])
    records = {str(e): partial(recoveries, f"{schema.RECOVERY}{e}") for e in epochs}
    return Gathered(**facts, recoveries=list(read_all(records).values()))


def _of_heartbeats(beats: Sequence[Heartbeat | None]) -> dict[str, Any]:
    newest = beats[0].written_at if beats[0] else None
    return {"newest": newest, **heartbeat.replica_state(beats, milliseconds())}
