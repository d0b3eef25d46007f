"""The sentinel's tasks: plan looks at the Primary, make one, start the machine while it fails."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from pilotlight.control.assembly import control_table
from pilotlight.control.pulse import Pulse
from pilotlight.sentinel import beacon_record, probes
from pilotlight.sentinel.item import ItemUnavailable, SentinelItem
from pilotlight.sentinel.level import believed
from pilotlight.sentinel.observation import NEVER, Look, early_seconds, plan, probe_seconds, tick_of
from pilotlight.sentinel.probe_queue import MOST_IN_A_BATCH, LookQueue
from pilotlight.shared.aws_clients import client_in_passing

if TYPE_CHECKING:
    from pilotlight.sentinel.observation import Probe
    from pilotlight.sentinel.outages import Outages
    from pilotlight.shared.settings import Deployment

logger = Logger(child=True)
# After a failed probe as many more, a second apart: a blip is shorter.
MORE_PROBES = 4


def plan_looks(item: SentinelItem, queue: LookQueue, interval: int) -> int:
    """Send messages for the looks to come that have none, and return how many.

    Where DynamoDB does not tell, all are sent again: the second message for a tick changes nothing.

    Raises
    ------
    LooksNotPlanned
        SQS did not take them. What it took is kept, the next start sends the others.
    """
    until = NEVER
    try:
        until = item.read().planned_until
    except ItemUnavailable as error:
        logger.warning("Planned anew: what is planned is not known", extra={"why": str(error)})
    ticks = plan(time.time(), until, interval)
    for first in range(0, len(ticks), MOST_IN_A_BATCH):
        batch = ticks[first : first + MOST_IN_A_BATCH]
        queue.send(batch, time.time(), interval)
        try:
            item.planned(batch[-1])
        except ItemUnavailable as error:
            logger.warning("Planned, and not kept", extra={"why": str(error)})
    return len(ticks)


def look_now(
    item: SentinelItem, interval: int, run: str, planned: int, known: Deployment
) -> tuple[int, Look] | None:
    """Look for the tick that is now, and return both. None: it gets no point.

    A message that comes late, or twice, finds the tick taken, or fills it: whichever tick it
    was sent for, what is seen now is never told under an older moment. A tick of which DynamoDB
    does not tell stays empty, for that is no sign of the Primary's death.
    """
    time.sleep(early_seconds(planned, time.time(), interval))
    try:
        kept = item.read()
        tick = tick_of(time.time(), interval)
        if kept.last_tick >= tick:
            return None
        seen = _look(known, probe_seconds(interval))
        while kept.last_tick < tick:
            if item.speak(run, tick, seen, kept):
                return tick, seen
            kept = item.read()
    except ItemUnavailable as error:
        logger.warning("No point written: DynamoDB did not answer", extra={"why": str(error)})
    return None


def start_while_it_fails(
    item: SentinelItem, outages: Outages, interval: int, known: Deployment
) -> str | None:
    """Start the machine for an outage, and return its execution; None where nothing was started.

    The Primary has to be active and to have been well before, no run may be at work, no person may
    have paused the automation or stopped a run of this outage, and each further probe has to fail.
    What cannot be read or started now is tried again at the next look.
    """
    try:
        kept = item.read()
        if kept.streak.first_failed_at is None or kept.well_at is None:
            return None
        outage = outages.current(kept.streak.first_failed_at)
        now = datetime.now(UTC)
        if kept.held_by or believed(kept.paused_until, now) or not outage.due(now):
            return None
        if not _is_active(known) or outages.is_at_work(outage):
            return None
        for _ in range(MORE_PROBES):
            time.sleep(1)
            if _probe(known, probe_seconds(interval)).ok:
                return None
        execution = outages.start(outage)
    except (BotoCoreError, ClientError, ItemUnavailable, ValueError) as error:
        logger.warning("Failover not started now", extra={"error": str(error)})
        return None
    logger.warning("Failover started", extra={"execution": execution})
    return execution


def _is_active(known: Deployment) -> bool:
    """Return whether the Primary is active by this Region's own copy. Unknown counts as active."""
    control = control_table(known).try_read(consistent=False)
    return control is None or control.active_region == known.primary_region


def _probe(known: Deployment, seconds: float) -> Probe:
    return probes.probe(f"https://{known.region_name(known.primary_region)}/health", seconds)


def _look(known: Deployment, seconds: float) -> Look:
    """Probe the Primary, read the beacon and the pulse, side by side."""
    with ThreadPoolExecutor(2) as pool:
        beacon = pool.submit(beacon_record.read, known.beacon_name, seconds)
        beat = pool.submit(_beat, known)
        return Look(_probe(known, seconds), beacon.result(), beat.result())


def _beat(known: Deployment) -> int | None:
    """Read the pulse through the quorum, or return None."""
    try:
        return Pulse(client_in_passing("dynamodb"), known.control_table).read(consistent=True)
    except (BotoCoreError, ClientError):
        return None
