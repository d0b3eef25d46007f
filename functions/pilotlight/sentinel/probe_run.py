"""The sentinel's tasks: plan probe runs, make one, start the machine while the Primary fails."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricResolution, MetricUnit
from botocore.exceptions import BotoCoreError, ClientError
from pilot_light_client.aws_clients import best_effort_client
from pilot_light_client.pulse import Pulse
from pilot_light_client.table_errors import TableUnavailable
from pilot_light_client.timestamps import parse

from pilotlight.control.assembly import control_table
from pilotlight.sentinel import probes
from pilotlight.sentinel.level import valid_end
from pilotlight.sentinel.observation import (
    NEVER,
    PROBE_EVERY_SECONDS,
    SETTLE_SECONDS,
    Observation,
    early_seconds,
    is_taken,
    plan,
    probe_seconds,
    tick_of,
)
from pilotlight.sentinel.probe_queue import BATCH, ProbeQueue
from pilotlight.sentinel.probes import probe_primary

if TYPE_CHECKING:
    from aws_lambda_powertools import Metrics

    from pilotlight.sentinel.item import SentinelItem
    from pilotlight.sentinel.outages import Outages
    from pilotlight.sentinel.probe_result import Probe
    from pilotlight.shared.settings import Deployment

logger = Logger(child=True)


def plan_probes(item: SentinelItem, queue: ProbeQueue, interval: int) -> int:
    """Send a message for each of the next ticks that has none, and return how many were sent.

    If DynamoDB does not answer, all are sent again: a second message for a tick changes nothing.

    Raises
    ------
    ProbesNotPlanned
        SQS refused some. Those that it took are recorded; the next start sends the others.
    """
    until = NEVER
    try:
        until = item.read().planned_until
    except TableUnavailable as error:
        logger.warning(
            "Probe runs planned again: the stored plan could not be read", extra={"why": str(error)}
        )
    ticks = plan(time.time(), until, interval)
    for first in range(0, len(ticks), BATCH):
        batch = ticks[first : first + BATCH]
        queue.send(batch, time.time(), interval)
        try:
            item.record_plan(batch[-1])
        except TableUnavailable as error:
            logger.warning(
                "Probe runs planned, but the plan could not be stored", extra={"why": str(error)}
            )
    return len(ticks)


def probe_now(
    item: SentinelItem, interval: int, run: str, planned: int, deployment: Deployment
) -> tuple[int, Observation] | None:
    """Observe the Primary for the current tick, and return both, or None for no data point.

    A message that comes late, or twice, finds the tick taken, or fills it: no observation is
    published under an older timestamp. If DynamoDB does not answer, the tick stays empty, because
    that says nothing about the Primary.
    """
    time.sleep(early_seconds(planned, time.time(), interval))
    try:
        state = item.read()
        tick = tick_of(time.time(), interval)
        if is_taken(tick, state.last_tick, interval):
            return None
        observed = _observe(deployment, probe_seconds(interval))
        while not is_taken(tick, state.last_tick, interval):
            if item.record(run, tick, observed, state):
                return tick, observed
            state = item.read()
    except TableUnavailable as error:
        logger.warning(
            "Probe result not published: sentinel state could not be read from DynamoDB",
            extra={"why": str(error)},
        )
    return None


def publish(metrics: Metrics, tick: int, observation: Observation, late_seconds: float) -> None:
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


def start_while_it_fails(
    item: SentinelItem, outages: Outages, interval: int, deployment: Deployment, failed: Probe
) -> str | None:
    """Start the failover machine for an outage, and return its execution, or None.

    The Primary has to be active and to have been well before, no run may be in progress, nobody may
    have paused the automation or stopped a run of this outage, and each further probe has to fail.
    After an error the next probe run tries again.
    """
    try:
        state = item.read()
        if state.streak.first_failed_at is None or state.well_at is None:
            return None
        outage = outages.current(state.streak.first_failed_at)
        now = datetime.now(UTC)
        if state.held_by or valid_end(state.paused_until, now) or not outage.due(now):
            return None
        control = control_table(deployment)
        if not control.is_active(deployment.primary_region) or outages.is_at_work(outage):
            return None
        if not _keeps_failing(deployment, probe_seconds(interval), failed):
            return None
        execution = outages.start(outage)
    except (BotoCoreError, ClientError, TableUnavailable) as error:
        logger.warning(
            "Failover not started: will retry at the next probe", extra={"error": str(error)}
        )
        return None
    logger.warning("Failover machine started", extra={"execution": execution})
    return execution


def _keeps_failing(deployment: Deployment, timeout: float, failed: Probe) -> bool:
    """Probe each second until one has failed that long after the first one began.

    A time and not a count: four more probes of an endpoint that hangs would take eight seconds.
    """
    since = time.time() - parse(failed.at).timestamp()
    due = time.monotonic() - min(max(0.0, since), SETTLE_SECONDS)
    end = due + SETTLE_SECONDS
    while True:
        due = max(due + PROBE_EVERY_SECONDS, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
        if probe_primary(deployment, timeout).ok:
            return False
        if time.monotonic() >= end:
            return True


def _observe(deployment: Deployment, seconds: float) -> Observation:
    """Probe the Primary, and read the beacon and the pulse, in parallel."""
    with ThreadPoolExecutor(2) as pool:
        beacon = pool.submit(probes.read_beacon, deployment.beacon_name, seconds)
        beat = pool.submit(_beat, deployment)
        return Observation(probe_primary(deployment, seconds), beacon.result(), beat.result())


def _beat(deployment: Deployment) -> int | None:
    """Read the pulse through the quorum, or return None."""
    try:
        return Pulse(best_effort_client(), deployment.control_table).read(consistent=True)
    except TableUnavailable:
        return None
