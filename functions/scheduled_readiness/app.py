"""Scheduled readiness: checks for what would make a recovery fail, and stores the verdict."""

from __future__ import annotations

from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client import timestamps
from pilot_light_client.heartbeat_table import Heartbeats
from pilot_light_client.settings import comma_separated, days, one_of, variable
from pilotlight.control.table import ControlTable
from pilotlight.hooks.hook import read_hooks
from pilotlight.messages.message import Form, Sender
from pilotlight.readiness.inspection import stored_verdict
from pilotlight.readiness.inspector import Inspector
from pilotlight.readiness.scheduled_verdict import remind_of_pause, store
from pilotlight.sentinel.item import SentinelItem
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.other_region import client_of
from pilotlight.shared.settings import Deployment

logger, metrics = Logger(), Metrics()
# Well within the function's own timeout: a verdict with unknowns is better than none.
SECONDS = 30.0
DEPLOYMENT = Deployment.from_environment()
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
SNS = boto3.client("sns", config=RECOVERY_STEP)
SENDER = Sender(DEPLOYMENT.app_name, DEPLOYMENT.region, variable("MESSAGE_FORM", one_of(Form)))
INSPECTOR = Inspector(
    deployment=DEPLOYMENT,
    heartbeats=Heartbeats(DYNAMODB, DEPLOYMENT.journal_table),
    control=ControlTable(DYNAMODB, DEPLOYMENT.control_table),
    client=client_of,
    witness_region=variable("WITNESS_REGION"),
    recoveries_table=variable("RECOVERIES_TABLE"),
    bucket=variable("BUCKET"),
    peer_bucket=variable("PEER_BUCKET"),
    backup_vault=variable("BACKUP_VAULT"),
    topic=variable("TOPIC_ARN"),
    key=variable("KEY_ARN"),
    aliases=variable("ALIASES", comma_separated),
    recovery_aliases=variable("RECOVERY_ALIASES", comma_separated),
    hooks=variable("HOOKS", read_hooks),
    hook_alias=variable("HOOK_ALIAS"),
    warm_concurrency=variable("WARM_CONCURRENCY", int),
    rehearsal_max_age=variable("REHEARSAL_MAX_AGE_DAYS", days),
    rto_target=variable("RTO_TARGET_SECONDS", float),
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
    table = INSPECTOR.recoveries_table
    store(DYNAMODB, table, result)
    remind_of_pause(SentinelItem(DYNAMODB, table), SNS, INSPECTOR.topic, result, SENDER)
    return result
