"""Sentinel: probes the Primary at each tick, and starts the failover machine while it fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricResolution, MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilotlight.control.assembly import keeper
from pilotlight.sentinel.item import SentinelItem
from pilotlight.sentinel.outages import Outages
from pilotlight.sentinel.probe_queue import ProbeQueue, planned_tick
from pilotlight.sentinel.probe_run import plan_probes, probe_now, start_while_it_fails
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.settings import Deployment, variable

if TYPE_CHECKING:
    from pilotlight.sentinel.observation import Observation

logger, metrics = Logger(), Metrics()
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
PROBE_QUEUE_URL = variable("PROBE_QUEUE_URL")
SENTINEL_INTERVAL = variable("SENTINEL_INTERVAL_SECONDS", int)
FAILOVER_MACHINE = variable("FAILOVER_MACHINE")
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
SQS = boto3.client("sqs", config=RECOVERY_STEP)
STEP_FUNCTIONS = boto3.client("stepfunctions", config=RECOVERY_STEP)


def publish(tick: int, observation: Observation, late_seconds: float) -> None:
    """Write the metric of one tick as a log line, with the tick's timestamp.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    unhealthy, probe = int(observation.unhealthy), observation.probe
    metrics.add_metric("PrimaryUnhealthy", MetricUnit.Count, unhealthy, MetricResolution.High)
    metrics.add_metadata("probe_ok", probe.ok)
    metrics.add_metadata("probe_error", probe.error or f"HTTP status {probe.status}")
    metrics.add_metadata("probe_seconds", probe.seconds)
    metrics.add_metadata("beacon", observation.beacon)
    metrics.add_metadata("late_seconds", round(late_seconds, 3))
    metrics.set_timestamp(tick)
    metrics.flush_metrics()


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Make a probe run for a message of the queue. Any other event plans the next probe runs."""
    begun, interval = time.time(), SENTINEL_INTERVAL
    item = SentinelItem(DYNAMODB, RECOVERIES_TABLE)
    if "Records" not in event:
        queue = ProbeQueue(SQS, PROBE_QUEUE_URL)
        return {"planned": plan_probes(item, queue, interval)}
    planned, started = planned_tick(event), None
    point = probe_now(item, interval, context.aws_request_id, planned, DEPLOYMENT)
    if point:
        publish(*point, begun - planned / 1000)
    if point and not point[1].probe.ok:
        outages = Outages(DYNAMODB, STEP_FUNCTIONS, RECOVERIES_TABLE, FAILOVER_MACHINE)
        started = start_while_it_fails(item, outages, interval, DEPLOYMENT)
    repair = keeper(DEPLOYMENT, "sentinel").keep(context.get_remaining_time_in_millis() / 1000)
    return {"points": int(point is not None), "repair": repair, "started": started}
