"""Sentinel: looks at the Primary at every tick and tells CloudWatch what it saw."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricResolution, MetricUnit
from pilotlight.adapters import names, probes
from pilotlight.adapters.clients import client
from pilotlight.adapters.sentinel_lease import LeaseUnavailable, SentinelLease
from pilotlight.domain.sentinel import Look, next_tick, probe_seconds
from pilotlight.settings import Deployment, required

logger, metrics = Logger(), Metrics()
# What is left of the function's time when a run stops: a look, its lease and the way out.
RESERVE_SECONDS = 10.0


def look(known: Deployment, seconds: float) -> Look:
    """Probe the Primary and read the beacon, side by side."""
    with ThreadPoolExecutor(1) as pool:
        beacon = pool.submit(names.beacon, known.beacon_name, seconds)
        probe = probes.probe(f"https://{known.region_name(known.primary_region)}/health", seconds)
        return Look(probe, beacon.result())


def publish(tick: int, seen: Look) -> None:
    """Write the metrics of one tick as one log line, at the tick's time, not at this one.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    counts = {"PrimaryUnhealthy": seen.unhealthy, "ProbeFailed": not seen.probe.ok}
    if seen.beacon != "unknown":
        counts["BeaconUnhealthy"] = seen.beacon == "unhealthy"
    for name, said in counts.items():
        metrics.add_metric(name, MetricUnit.Count, int(said), MetricResolution.High)
    metrics.add_metadata("probe_seconds", seen.probe.seconds)
    metrics.add_metadata("beacon", seen.beacon)
    metrics.add_metadata("probe_error", seen.probe.error or f"HTTP status {seen.probe.status}")
    metrics.set_timestamp(tick)
    metrics.flush_metrics()


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Look at every tick until a newer run takes over or the function's time is nearly up."""
    begun, run = time.time(), context.aws_request_id
    until = begun + context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    known, interval = Deployment.from_environment(), int(required("SENTINEL_INTERVAL_SECONDS"))
    lease = SentinelLease(client("dynamodb"), required("RECOVERIES_TABLE"))
    tick, spoken = next_tick(begun, interval), 0
    streak = lease.take(run, int(begun * 1000), tick)
    while streak is not None and tick / 1000 <= until:
        time.sleep(max(0.0, tick / 1000 - time.time()))
        seen = look(known, probe_seconds(interval))
        streak = streak.after(seen)
        try:
            if not lease.speak(run, tick, seen, streak):
                break
            publish(tick, seen)
            spoken += 1
        except LeaseUnavailable as error:
            logger.warning("Not spoken: the lease is not known", extra={"why": str(error)})
        tick = max(next_tick(time.time(), interval), tick + interval * 1000)
    logger.info("Run ended", extra={"spoken": spoken})
    return {"spoken": spoken}
