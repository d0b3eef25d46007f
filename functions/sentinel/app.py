"""Sentinel: probes the Primary at each tick, and starts the failover machine while it fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricResolution, MetricUnit
from pilotlight.control.assembly import keeper
from pilotlight.sentinel.item import SentinelItem
from pilotlight.sentinel.outages import Outages
from pilotlight.sentinel.probe_queue import ProbeQueue, planned_tick
from pilotlight.sentinel.probe_run import plan_probes, probe_now, start_while_it_fails
from pilotlight.shared.aws_clients import client
from pilotlight.shared.settings import Deployment, required

if TYPE_CHECKING:
    from pilotlight.sentinel.observation import Observation

logger, metrics = Logger(), Metrics()


def publish(tick: int, seen: Observation, late_seconds: float) -> None:
    """Write the metric of one tick as a log line, with the tick's timestamp.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    said, high = int(seen.unhealthy), MetricResolution.High
    metrics.add_metric("PrimaryUnhealthy", MetricUnit.Count, said, high)
    metrics.add_metadata("probe_ok", seen.probe.ok)
    metrics.add_metadata("probe_error", seen.probe.error or f"HTTP status {seen.probe.status}")
    metrics.add_metadata("probe_seconds", seen.probe.seconds)
    metrics.add_metadata("beacon", seen.beacon)
    metrics.add_metadata("late_seconds", round(late_seconds, 3))
    metrics.set_timestamp(tick)
    metrics.flush_metrics()


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Make a probe run for a message of the queue. Any other event plans the next probe runs."""
    begun, interval = time.time(), int(required("SENTINEL_INTERVAL_SECONDS"))
    item = SentinelItem(client("dynamodb"), required("RECOVERIES_TABLE"))
    if "Records" not in event:
        queue = ProbeQueue(client("sqs"), required("PROBE_QUEUE_URL"))
        return {"planned": plan_probes(item, queue, interval)}
    planned, known = planned_tick(event), Deployment.from_environment()
    found, started = probe_now(item, interval, context.aws_request_id, planned, known), None
    if found:
        publish(*found, begun - planned / 1000)
    if found and not found[1].probe.ok:
        clients = client("dynamodb"), client("stepfunctions")
        outages = Outages(*clients, required("RECOVERIES_TABLE"), required("FAILOVER_MACHINE"))
        started = start_while_it_fails(item, outages, interval, known)
    kept = keeper(known, "sentinel").keep(context.get_remaining_time_in_millis() / 1000)
    if kept not in ("nothing", "no_quorum"):
        logger.warning("Control item repaired after an execution that died", extra={"kept": kept})
    return {"points": int(found is not None), "kept": kept, "started": started}
