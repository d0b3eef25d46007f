"""Heartbeat: every minute in each Region. Keeps the control item, writes missing heartbeats."""

from __future__ import annotations

import time
from typing import Any, Literal

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
from pilotlight.control.assembly import keeper
from pilotlight.control.pulse import Pulse
from pilotlight.control.table import ControlTable
from pilotlight.replication.heartbeat import PASSIVE_MS, next_heartbeat
from pilotlight.replication.heartbeat_table import Heartbeats
from pilotlight.shared.aws_clients import client
from pilotlight.shared.settings import Deployment, required
from pilotlight.shared.timestamps import milliseconds

logger = Logger()
# A schedule fires once a minute; the invocation that it makes then goes on from here.
MINUTE_MS = 60_000


class Beater:
    """One invocation's heartbeats."""

    def __init__(self, known: Deployment, interval_ms: int, invocation: str) -> None:
        dynamodb = client("dynamodb")
        self._region = known.region
        self._control = ControlTable(dynamodb, known.control_table)
        self._pulse = Pulse(dynamodb, known.control_table)
        self._heartbeats = Heartbeats(dynamodb, known.items_table)
        self._interval_ms = interval_ms
        self._by = f"function {invocation}"
        self.started = milliseconds()

    def beat(self) -> Literal["nothing", "last", "another follows"]:
        """Write one heartbeat where nobody else does."""
        now, last = milliseconds(), self._heartbeats.newest(self._region)
        # The Region's own copy is enough, and unknown counts as active: the RPO stays measured.
        control = self._control.try_read(consistent=False)
        active = control is None or control.active_region == self._region
        interval = self._interval_ms if active else PASSIVE_MS
        if last and last.others_write(now, interval, self._by):
            return "nothing"
        new = next_heartbeat(last, now=now, by=self._by)
        if not self._heartbeats.beat(self._region, last, new):
            return "nothing"
        if not active:
            return "last"
        self._heartbeats.copy(new, self._region)
        self._beat_pulse()
        return "another follows"

    def _beat_pulse(self) -> None:
        try:
            self._pulse.beat(self._region)
        except (BotoCoreError, ClientError) as error:
            logger.warning("Pulse not written to the control table", extra={"error": str(error)})


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Finish what a dead run left in the control item, then write a minute's heartbeats."""
    known, seconds = Deployment.from_environment(), int(required("HEARTBEAT_SECONDS"))
    kept = keeper(known, "heartbeat").keep(context.get_remaining_time_in_millis() / 1000)
    if kept not in ("nothing", "no_quorum"):
        logger.warning("Control item repaired after an execution that died", extra={"kept": kept})
    beater = Beater(known, seconds * 1000, context.aws_request_id)
    count = 0
    while (turn := beater.beat()) != "nothing":
        count += 1
        if turn == "last" or milliseconds() - beater.started + seconds * 1000 >= MINUTE_MS:
            break
        time.sleep(seconds)
    return {"heartbeats": count, "kept": kept}
