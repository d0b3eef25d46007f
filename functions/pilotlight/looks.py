"""The sentinel's two tasks: to plan looks at the Primary, and to make one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from pilotlight.adapters import names, probes
from pilotlight.adapters.clients import client_in_passing
from pilotlight.adapters.look_queue import MOST_IN_A_BATCH, LookQueue
from pilotlight.adapters.sentinel_item import ItemUnavailable, SentinelItem
from pilotlight.control.pulse import Pulse
from pilotlight.domain.sentinel import NEVER, Look, early_seconds, plan, probe_seconds, tick_of

if TYPE_CHECKING:
    from pilotlight.settings import Deployment

logger = Logger(child=True)


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
    """Look for the tick that is now, and return both. None: it is not to be spoken of.

    A message that comes late, or twice, finds the tick spoken of, or fills it: whichever tick it
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
        logger.warning("Not spoken: what is kept is not known", extra={"why": str(error)})
    return None


def _look(known: Deployment, seconds: float) -> Look:
    """Probe the Primary, read the beacon and the pulse, side by side."""
    with ThreadPoolExecutor(2) as pool:
        beacon = pool.submit(names.beacon, known.beacon_name, seconds)
        beat = pool.submit(_beat, known)
        probe = probes.probe(f"https://{known.region_name(known.primary_region)}/health", seconds)
        return Look(probe, beacon.result(), beat.result())


def _beat(known: Deployment) -> int | None:
    """Read the pulse through the quorum, or return None."""
    try:
        return Pulse(client_in_passing("dynamodb"), known.control_table).read(consistent=True)
    except (BotoCoreError, ClientError):
        return None
