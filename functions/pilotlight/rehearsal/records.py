"""The verdicts on rehearsals in the recoveries table, for those that could not keep their own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pilotlight.recoveries import schema
from pilotlight.shared import timestamps
from pilotlight.shared.conditional_write import write

if TYPE_CHECKING:
    from datetime import datetime

    from pilotlight.rehearsal.aborted_run import CutOffRehearsal


class Rehearsals:
    """The same items that the failover machine writes."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def keep(self, found: CutOffRehearsal, *, now: datetime, days: int) -> bool:
        """Keep a verdict for some days, and say whether it was needed: the run's own stays."""
        values = {
            "pk": f"rehearsal#{found.started_at}",
            "verdict": found.verdict,
            "outcome": found.outcome,
            "summary": found.summary,
            "reason": found.reason,
            "trigger": found.trigger,
            "execution": found.execution,
            "recorded_at": timestamps.text(now),
        }
        until = str(int((now + timedelta(days=days)).timestamp()))
        kept = write(
            self._client.put_item,
            TableName=self._table,
            Item={name: {"S": value} for name, value in values.items()}
            | {"keep_until": {"N": until}},
            # Also met by its own earlier attempt.
            ConditionExpression="attribute_not_exists(pk) OR outcome = :outcome",
            ExpressionAttributeValues={":outcome": {"S": found.outcome}},
        )
        if kept:
            self._make_newest(found, timestamps.text(now))
        return kept

    def _make_newest(self, found: CutOffRehearsal, now: str) -> None:
        """Leave when one last passed, and the word of a run that started later."""
        write(
            self._client.update_item,
            TableName=self._table,
            Key=schema.key(schema.REHEARSAL),
            UpdateExpression=(
                "SET verdict = :verdict, #at = :now, started_at = :started, execution = :execution"
            ),
            ConditionExpression="attribute_not_exists(started_at) OR started_at <= :started",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={
                ":verdict": {"S": found.verdict},
                ":now": {"S": now},
                ":started": {"S": found.started_at},
                ":execution": {"S": found.execution},
            },
            ReturnValues="NONE",
        )
