"""Scheduled readiness: looks for what would make a recovery fail, and stores the verdict."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import BotoCoreError, ClientError
from pilotlight.control.table import ControlTable
from pilotlight.readiness.inspection import stored_verdict
from pilotlight.readiness.inspector import Inspector
from pilotlight.recoveries import schema
from pilotlight.replication.heartbeat_table import Heartbeats
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import client
from pilotlight.shared.conditional_write import write
from pilotlight.shared.other_region import client_of
from pilotlight.shared.settings import Deployment, required

logger, metrics = Logger(), Metrics()
# Well within the function's own timeout: a verdict with unknowns is better than none.
SECONDS = 30.0


def inspector() -> Inspector:
    """Put the inspector together."""
    known, dynamodb = Deployment.from_environment(), client("dynamodb")
    return Inspector(
        deployment=known,
        heartbeats=Heartbeats(dynamodb, known.items_table),
        control=ControlTable(dynamodb, known.control_table),
        client=client_of,
        witness_region=required("WITNESS_REGION"),
        recoveries_table=required("RECOVERIES_TABLE"),
        bucket=required("BUCKET"),
        peer_bucket=required("PEER_BUCKET"),
        backup_vault=required("BACKUP_VAULT"),
        topic=required("TOPIC_ARN"),
        key=required("KEY_ARN"),
        aliases=required("ALIASES").split(","),
        recovery_aliases=required("RECOVERY_ALIASES").split(","),
        warm_concurrency=int(required("WARM_CONCURRENCY")),
        rehearsal_max_age=timedelta(days=float(required("REHEARSAL_MAX_AGE_DAYS"))),
    )


def remind(paused: str) -> bool:
    """Remind people of a pause, once a day, and return whether this was the time."""
    now = int(time.time())
    if not _mark_reminded(now, unless_since=now - 86_400):
        return False
    try:
        client("sns").publish(
            TopicArn=required("TOPIC_ARN"),
            Subject="Pilot Light: the automation is paused",
            Message=f"The automation is {paused}. See docs/runbook/pause.md.\n",
            MessageAttributes={"event": {"DataType": "String", "StringValue": "paused"}},
        )
    except (BotoCoreError, ClientError):
        _mark_reminded(0, unless_since=now)  # Not sent: the next look tries again.
        raise
    return True


def _mark_reminded(at: int, *, unless_since: int) -> bool:
    """Keep when people were reminded, unless they were since; return whether it was kept."""
    return write(
        client("dynamodb").update_item,
        TableName=required("RECOVERIES_TABLE"),
        Key=schema.key(schema.SENTINEL),
        UpdateExpression="SET reminded_at = :at",
        ConditionExpression="attribute_not_exists(reminded_at) OR reminded_at <= :since",
        ExpressionAttributeValues={":at": {"N": str(at)}, ":since": {"N": str(unless_since)}},
    )


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the verdict, store it, and publish whether the Secondary is ready."""
    found = stored_verdict(inspector().inspect(SECONDS), timestamps.now())
    ready = found["verdict"] == "ready"
    metrics.add_metric(name="SecondaryReady", unit=MetricUnit.Count, value=int(ready))
    (logger.info if ready and not found["findings"] else logger.warning)(
        "Scheduled readiness checked", extra={"found": found}
    )
    client("dynamodb").put_item(
        TableName=required("RECOVERIES_TABLE"),
        Item={
            **schema.key(schema.READINESS),
            "verdict": {"S": found["verdict"]},
            "findings": {"S": found["findings"]},
            "checks": {"S": json.dumps(found["checks"])},
            "checked_at": {"S": found["checked_at"]},
        },
    )
    paused = next((c for c in found["checks"] if c["name"] == "automation"), {})
    if paused.get("state") == "failed":
        remind(paused["detail"])
    return found
