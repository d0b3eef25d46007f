"""Heartbeat: writes this Region's heartbeats where nobody who serves does."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from pilotlight.adapters.clients import client
from pilotlight.adapters.control_table import ControlTable
from pilotlight.adapters.heartbeats import Heartbeats
from pilotlight.adapters.returned import milliseconds
from pilotlight.domain.heartbeat import (
    PASSIVE_PROMISE_MS,
    Heartbeat,
    following,
    kept_by_checks,
    taken_over,
)
from pilotlight.settings import Deployment, required

logger = Logger()
# A schedule fires once a minute; the invocation that it makes then goes on from here.
MINUTE_MS = 60_000
# The object is told and not judged, and a request costs eight times what a write of the table does.
OBJECT_MINUTES = 5


@dataclass(frozen=True)
class Turn:
    """The newest heartbeat, whether this turn wrote it, and whether another has to come."""

    newest: Heartbeat
    written: bool
    goes_on: bool


class Beater:
    """One invocation's heartbeats."""

    def __init__(self, known: Deployment, promise_ms: int, invocation: str) -> None:
        dynamodb = client("dynamodb")
        self._region = known.region
        self._control = ControlTable(dynamodb, known.control_table)
        self._heartbeats = Heartbeats(dynamodb, known.items_table, known.control_table)
        self._promise_ms = promise_ms
        self._by = invocation
        self.started = milliseconds()

    def beat(self) -> Turn | None:
        """Write one heartbeat where checks do not. None where a newer invocation does."""
        now = milliseconds()
        last = self._heartbeats.pulse(self._region)
        if taken_over(self.started, last):
            return None
        if last and kept_by_checks(last, now):
            return Turn(last, written=False, goes_on=False)
        control = self._control.read()
        # Unknown counts as active: nothing that may be lost goes unmeasured.
        active = control is None or control.active_region == self._region
        promise = self._promise_ms if active else PASSIVE_PROMISE_MS
        new = following(last, now=now, promise_ms=promise, by=self._by, by_started=self.started)
        if self._heartbeats.beat(self._region, last, new):
            self._heartbeats.copy(new, self._region, active=active)
            if new.unbroken_since == new.written_at:
                logger.warning("A gap in the heartbeats", extra={"last": str(last)})
        return Turn(new, written=True, goes_on=active)


def put_object(bucket: str, region: str, beat: Heartbeat) -> None:
    """Write the heartbeat's object. A bucket that fails stops no heartbeat."""
    body = json.dumps({"seq": beat.seq, "written_at": beat.written_at}).encode()
    try:
        client("s3").put_object(Bucket=bucket, Key=f"heartbeat/{region}", Body=body)
    except Exception as error:
        logger.warning("The bucket took no heartbeat", extra={"error": str(error)})


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Write no heartbeat where checks do, one where this Region is not active, or else a minute's.

    A minute without sleep would be too coarse: the return fence has to see half of one as a gap.
    """
    known, seconds = Deployment.from_environment(), int(required("HEARTBEAT_SECONDS"))
    beater = Beater(known, seconds * 1000, context.aws_request_id)
    count, tells = 0, beater.started // MINUTE_MS % OBJECT_MINUTES == 0
    while turn := beater.beat():
        count += turn.written
        if tells:
            put_object(required("BUCKET"), known.region, turn.newest)
            tells = False
        if not turn.goes_on or milliseconds() - beater.started + seconds * 1000 >= MINUTE_MS:
            break
        time.sleep(seconds)
    return {"heartbeats": count}
