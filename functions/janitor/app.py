"""Janitor: does for an execution that has ended what it could not do itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client import timestamps
from pilot_light_client.settings import comma_separated, one_of, variable
from pilotlight.conditions.evidence import read_json, section
from pilotlight.control.keeper import undo_drain
from pilotlight.control.table import ControlTable
from pilotlight.failover.aborted_notice import notice
from pilotlight.failover.notification import notify
from pilotlight.messages.message import Form, Sender, publication
from pilotlight.recoveries import lock
from pilotlight.rehearsal import aborted_run, records
from pilotlight.sentinel.item import SentinelItem
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment

logger = Logger()
# As long as the machine keeps a verdict, and the bucket a report.
RETENTION_DAYS = 400
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
TOPIC_ARN = variable("TOPIC_ARN")
OTHER_TOPIC_ARN = variable("OTHER_TOPIC_ARN")
SENDER = Sender(DEPLOYMENT.app_name, DEPLOYMENT.region, variable("MESSAGE_FORM", one_of(Form)))
# The failover machine is the first.
MACHINE_ARNS = variable("MACHINE_ARNS", comma_separated)
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
SNS = boto3.client("sns", config=RECOVERY_STEP)


@recovery_step(logger, execution="detail.executionArn")
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, bool]:
    """Clean up after the execution of a `Step Functions Execution Status Change` event."""
    detail = event["detail"]
    execution, status, machine = detail["executionArn"], detail["status"], detail["stateMachineArn"]
    if machine not in MACHINE_ARNS:
        raise ValueError(f"{execution} is no execution of {', '.join(MACHINE_ARNS)}.")
    # Users first: until the drain is undone nobody takes their writes.
    undone = undo_drain(ControlTable(DYNAMODB, DEPLOYMENT.control_table), execution)
    released = lock.free(DYNAMODB, RECOVERIES_TABLE, execution)
    if machine == MACHINE_ARNS[0] and aborted_run.holds(detail):
        outage = section(read_json(detail.get("input"), {}), "outage")
        SentinelItem(DYNAMODB, RECOVERIES_TABLE).hold(execution, outage.get("first_failed_at"))
    rehearsal = aborted_run.rehearsal(detail)
    message = notice(detail, undone=undone, released=released, rehearsal=rehearsal)
    if message:
        sent = publication(message, SENDER, timestamps.now())
        notify(SNS, TOPIC_ARN, OTHER_TOPIC_ARN, sent)
    # Last: a record that cannot be written keeps no notification back.
    recorded = rehearsal is not None and records.keep(
        DYNAMODB, RECOVERIES_TABLE, rehearsal, now=datetime.now(UTC), days=RETENTION_DAYS
    )
    done = {"undone": undone, "released": released, "notified": bool(message), "recorded": recorded}
    facts = {"execution": execution, "status": status, "done": done}
    logger.info("Cleaned up after an execution", extra=facts)
    return done
