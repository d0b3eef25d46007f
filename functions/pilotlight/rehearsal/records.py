"""Records of aborted rehearsals, in the recoveries table beside those of the machine."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pilot_light_client import timestamps
from pilot_light_client.conditional_write import write

from pilotlight.recoveries import schema

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient

    from pilotlight.rehearsal.aborted_run import AbortedRehearsal


def keep(
    client: DynamoDBClient, table: str, rehearsal: AbortedRehearsal, *, now: datetime, days: int
) -> bool:
    """Record a verdict for some days, and return whether it was needed: the run's own stays."""
    at = {"S": timestamps.text(now)}
    verdict, execution = {"S": rehearsal.verdict}, {"S": rehearsal.execution}
    needed = write(
        client.put_item,
        TableName=table,
        Item={
            **schema.key(schema.REHEARSAL_RECORD, rehearsal.started_at),
            "verdict": verdict,
            "execution": execution,
            "outcome": {"S": rehearsal.outcome},
            "summary": {"S": rehearsal.summary},
            "reason": {"S": rehearsal.reason},
            "trigger": {"S": rehearsal.trigger},
            "recorded_at": at,
            "keep_until": {"N": str(int((now + timedelta(days=days)).timestamp()))},
        },
        # Also met by its own earlier attempt.
        ConditionExpression="attribute_not_exists(pk) OR outcome = :outcome",
        ExpressionAttributeValues={":outcome": {"S": rehearsal.outcome}},
    )
    if needed:
        # When one last passed stays, and so does the verdict of a run that started later. The
        # forecast is that of the newest rehearsal, and this one made none.
        write(
            client.update_item,
            TableName=table,
            Key=schema.key(schema.REHEARSAL),
            UpdateExpression=(
                "SET verdict = :verdict, #at = :now, started_at = :started, execution = :execution "
                "REMOVE forecast"
            ),
            ConditionExpression="attribute_not_exists(started_at) OR started_at <= :started",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={
                ":verdict": verdict,
                ":execution": execution,
                ":now": at,
                ":started": {"S": rehearsal.started_at},
            },
            ReturnValues="NONE",
        )
    return needed
