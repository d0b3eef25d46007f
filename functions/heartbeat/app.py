"""Heartbeat: every minute in each Region. Keeps the control item, writes missing heartbeats."""

from __future__ import annotations

import time
from typing import Any, Literal

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.heartbeat import PASSIVE_MS, next_heartbeat
from pilot_light_client.heartbeat_table import Heartbeats
from pilot_light_client.pulse import Pulse
from pilot_light_client.settings import variable
from pilot_light_client.timestamps import milliseconds
from pilotlight.control.keeper import keeper
from pilotlight.control.table import ControlTable
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.settings import Deployment

logger = Logger()
# A schedule fires once a minute; the invocation that it makes then goes on from here.
MINUTE_MS = 60_000
DEPLOYMENT = Deployment.from_environment()
HEARTBEAT_SECONDS = variable("HEARTBEAT_SECONDS", int)
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
CONTROL = ControlTable(DYNAMODB, DEPLOYMENT.control_table)
PULSE = Pulse(DYNAMODB, DEPLOYMENT.control_table)
HEARTBEATS = Heartbeats(DYNAMODB, DEPLOYMENT.journal_table)


def beat(by: str) -> Literal["nothing", "last", "another follows"]:
    """Write one heartbeat if nobody else does."""
    now, last = milliseconds(), HEARTBEATS.newest(DEPLOYMENT.region)
    # The Region's own copy is enough, and unknown counts as active: the RPO stays measured.
    active = CONTROL.is_active(DEPLOYMENT.region)
    interval = HEARTBEAT_SECONDS * 1000 if active else PASSIVE_MS
    if last and last.others_write(now, interval, by):
        return "nothing"
    heartbeat = next_heartbeat(last, now=now, by=by)
    if not HEARTBEATS.beat(DEPLOYMENT.region, last, heartbeat):
        return "nothing"
    if not active:
        return "last"
    HEARTBEATS.copy(heartbeat, DEPLOYMENT.region)
    PULSE.try_beat(DEPLOYMENT.region)
    return "another follows"


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Finish what a dead run left in the control item, then write a minute's heartbeats."""
    repair = keeper(DEPLOYMENT, "heartbeat").keep(context.get_remaining_time_in_millis() / 1000)
    started, count = milliseconds(), 0
    while (turn := beat(f"function {context.aws_request_id}")) != "nothing":
        count += 1
        next_ms = milliseconds() - started + HEARTBEAT_SECONDS * 1000
        if turn == "last" or next_ms >= MINUTE_MS:
            break
        time.sleep(HEARTBEAT_SECONDS)
    return {"heartbeats": count, "repair": repair}
