"""Sentinel: probes the Primary at each tick, and starts the failover machine while it fails."""

from __future__ import annotations

import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.settings import variable
from pilotlight.control.keeper import keeper
from pilotlight.sentinel.item import SentinelItem
from pilotlight.sentinel.outages import Outages
from pilotlight.sentinel.probe_queue import ProbeQueue, planned_tick
from pilotlight.sentinel.probe_run import plan_probes, probe_now, publish, start_while_it_fails
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.settings import Deployment

logger, metrics = Logger(), Metrics()
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
INTERVAL = variable("SENTINEL_INTERVAL_SECONDS", int)
FAILOVER_MACHINE = variable("FAILOVER_MACHINE")
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
STEP_FUNCTIONS = boto3.client("stepfunctions", config=RECOVERY_STEP)
ITEM = SentinelItem(DYNAMODB, RECOVERIES_TABLE)
OUTAGES = Outages(DYNAMODB, STEP_FUNCTIONS, RECOVERIES_TABLE, FAILOVER_MACHINE)
QUEUE = ProbeQueue(boto3.client("sqs", config=RECOVERY_STEP), variable("PROBE_QUEUE_URL"))


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Make a probe run for a message of the queue. Any other event plans the next probe runs."""
    begun, started = time.time(), None
    if "Records" not in event:
        return {"planned": plan_probes(ITEM, QUEUE, INTERVAL)}
    planned = planned_tick(event, begun)
    point = probe_now(ITEM, INTERVAL, context.aws_request_id, planned, DEPLOYMENT)
    if point:
        publish(metrics, *point, begun - planned / 1000)
        if not point[1].probe.ok:
            failed = point[1].probe
            started = start_while_it_fails(ITEM, OUTAGES, INTERVAL, DEPLOYMENT, failed)
    repair = keeper(DEPLOYMENT, "sentinel").keep(context.get_remaining_time_in_millis() / 1000)
    return {"points": int(point is not None), "repair": repair, "started": started}
