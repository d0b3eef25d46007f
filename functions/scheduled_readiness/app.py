"""Scheduled readiness: checks for what would make a recovery fail, and stores the verdict."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError
from pilotlight.control.table import ControlTable
from pilotlight.readiness.inspection import stored_verdict
from pilotlight.readiness.inspector import Inspector
from pilotlight.recoveries import schema
from pilotlight.replication.heartbeat_table import Heartbeats
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.conditional_write import write
from pilotlight.shared.other_region import client_of
from pilotlight.shared.settings import Deployment, comma_separated, days, variable

logger, metrics = Logger(), Metrics()
# Well within the function's own timeout: a verdict with unknowns is better than none.
SECONDS = 30.0
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
TOPIC_ARN = variable("TOPIC_ARN")
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
SNS = boto3.client("sns", config=RECOVERY_STEP)
INSPECTOR = Inspector(
    deployment=DEPLOYMENT,
    heartbeats=Heartbeats(DYNAMODB, DEPLOYMENT.items_table),
    control=ControlTable(DYNAMODB, DEPLOYMENT.control_table),
    client=client_of,
    witness_region=variable("WITNESS_REGION"),
    recoveries_table=RECOVERIES_TABLE,
    bucket=variable("BUCKET"),
    peer_bucket=variable("PEER_BUCKET"),
    backup_vault=variable("BACKUP_VAULT"),
    topic=TOPIC_ARN,
    key=variable("KEY_ARN"),
    aliases=variable("ALIASES", comma_separated),
    recovery_aliases=variable("RECOVERY_ALIASES", comma_separated),
    warm_concurrency=variable("WARM_CONCURRENCY", int),
    rehearsal_max_age=variable("REHEARSAL_MAX_AGE_DAYS", days),
)


def remind(paused: str) -> bool:
    """Remind people of a pause, once a day, and return whether this was the time."""
    now = int(time.time())
    if not _mark_reminded(now, unless_since=now - 86_400):
        return False
    try:
        SNS.publish(
            TopicArn=TOPIC_ARN,
            Subject="Pilot Light: the automation is paused",
            Message=f"The automation is {paused}. See docs/runbook/pause.md.\n",
            MessageAttributes={"event": {"DataType": "String", "StringValue": "paused"}},
        )
    except (BotoCoreError, ClientError):
        _mark_reminded(0, unless_since=now)  # Not sent: the next run tries again.
        raise
    return True


def _mark_reminded(at: int, *, unless_since: int) -> bool:
    """Store when people were reminded, unless they were since; return whether it was stored."""
    return write(
        DYNAMODB.update_item,
        TableName=RECOVERIES_TABLE,
        Key=schema.key(schema.SENTINEL),
        UpdateExpression="SET reminded_at = :at",
        ConditionExpression="attribute_not_exists(reminded_at) OR reminded_at <= :since",
        ExpressionAttributeValues={":at": {"N": str(at)}, ":since": {"N": str(unless_since)}},
    )


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Return the verdict, store it, and publish whether the Secondary is ready."""
    result = stored_verdict(INSPECTOR.inspect(SECONDS), timestamps.now())
    ready = result["verdict"] == "ready"
    metrics.add_metric(name="SecondaryReady", unit=MetricUnit.Count, value=int(ready))
    (logger.info if ready and not result["findings"] else logger.warning)(
        "Scheduled readiness checked", extra={"result": result}
    )
    DYNAMODB.put_item(
        TableName=RECOVERIES_TABLE,
        Item={
            **schema.key(schema.READINESS),
            "verdict": {"S": result["verdict"]},
            "findings": {"S": result["findings"]},
            "checks": {"S": json.dumps(result["checks"])},
            "checked_at": {"S": result["checked_at"]},
        },
    )
    paused: dict[str, Any] = next((c for c in result["checks"] if c["name"] == "automation"), {})
    if paused.get("state") == "failed":
        remind(paused["detail"])
    return result
