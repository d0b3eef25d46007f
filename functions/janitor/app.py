"""Janitor: does for an execution that has ended what it could not do itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError
from pilotlight.conditions.evidence import read_json
from pilotlight.control.table import ControlTable, ControlUnchanged, ControlUnread
from pilotlight.control.transitions import TRANSITIONS
from pilotlight.failover.aborted_notice import message, unsent
from pilotlight.recoveries import schema
from pilotlight.rehearsal import aborted_run, records
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.conditional_write import write
from pilotlight.shared.other_region import client_of
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, comma_separated, variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.failover.aborted_notice import Message
    from pilotlight.rehearsal.aborted_run import AbortedRehearsal

logger, tracer = Logger(), Tracer()
# As long as the machine keeps a verdict, and the bucket a report.
RETENTION_DAYS = 400
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
TOPIC_ARN = variable("TOPIC_ARN")
OTHER_TOPIC_ARN = variable("OTHER_TOPIC_ARN")
# The failover machine is the first.
MACHINE_ARNS = variable("MACHINE_ARNS", comma_separated)
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
SNS = boto3.client("sns", config=RECOVERY_STEP)


def undo_drain(execution: str) -> bool:
    """Let the drained Region serve again if the drain is this execution's; return whether it was.

    A planned claim ends its drain in the same write, so what still drains was not claimed.
    """
    table = ControlTable(DYNAMODB, DEPLOYMENT.control_table)
    try:
        item = table.read()
        if item.state != "draining" or item.changed_by != execution:
            return False
        undrain, here, by = TRANSITIONS["undrain"], item.active_region, f"janitor of {execution}"
        table.change(undrain, item, here=here, by=by, at=timestamps.now())
    except (ControlUnread, ControlUnchanged) as error:
        logger.warning("Drain not undone: left to a keeper", extra={"error": str(error)})
        return False
    return True


def free_lock(execution: str) -> bool:
    """Free the lock if it is this execution's, and return whether it was."""
    return write(
        DYNAMODB.delete_item,
        TableName=RECOVERIES_TABLE,
        Key=schema.key(schema.LOCK),
        ConditionExpression="#owner = :dead",
        ExpressionAttributeNames={"#owner": "owner"},
        ExpressionAttributeValues={":dead": {"S": execution}},
    )


def hold_outage(execution: str, request: Mapping[str, Any]) -> bool:
    """Record that a person stopped a run of this outage: no other run starts by itself."""
    first = (request.get("outage") or {}).get("first_failed_at")
    values = {":by": {"S": execution}} | ({":first": {"S": first}} if first else {})
    return write(
        DYNAMODB.update_item,
        TableName=RECOVERIES_TABLE,
        Key=schema.key(schema.SENTINEL),
        UpdateExpression="SET held_by = :by",
        ConditionExpression="first_failed_at = :first"
        if first
        else "attribute_exists(first_failed_at)",
        ExpressionAttributeValues=values,
    )


def keep(rehearsal: AbortedRehearsal) -> bool:
    """Store the verdict of an aborted rehearsal, and return whether it was missing."""
    now = datetime.now(UTC)
    return records.keep(DYNAMODB, RECOVERIES_TABLE, rehearsal, now=now, days=RETENTION_DAYS)


def notify(notice: Message) -> None:
    """Notify people, by the other topic if this Region's fails."""
    publication: dict[str, Any] = {
        "Subject": f"Pilot Light: {notice.subject}"[:100],
        "Message": notice.text,
        "MessageAttributes": {
            "event": {"DataType": "String", "StringValue": notice.event},
            "mode": {"DataType": "String", "StringValue": notice.mode},
        },
    }
    try:
        SNS.publish(TopicArn=TOPIC_ARN, **publication)
    except (BotoCoreError, ClientError) as error:
        logger.warning(
            "Notification not sent by this Region's topic: trying the other one",
            extra={"error": str(error)},
        )
        region = OTHER_TOPIC_ARN.split(":")[3]
        client_of(region, "sns").publish(TopicArn=OTHER_TOPIC_ARN, **publication)


@recovery_step(logger, tracer, execution="detail.executionArn")
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, bool]:
    """Clean up after the execution of a `Step Functions Execution Status Change` event."""
    detail = event["detail"]
    execution, status, machine = detail["executionArn"], detail["status"], detail["stateMachineArn"]
    if machine not in MACHINE_ARNS:
        raise ValueError(f"{execution} is no execution of {', '.join(MACHINE_ARNS)}.")
    # Users first: until the drain is undone nobody takes their writes.
    undone, released = undo_drain(execution), free_lock(execution)
    if machine == MACHINE_ARNS[0] and aborted_run.holds(detail):
        hold_outage(execution, read_json(detail.get("input"), {}))
    rehearsal, name = aborted_run.rehearsal(detail), machine.rsplit(":", 1)[-1]
    # A run that ends by itself has notified people, unless SNS took nothing or it left something.
    notice = unsent(detail)
    if undone or status in ("TIMED_OUT", "ABORTED") or (released and status != "SUCCEEDED"):
        notice = message(
            execution, status, machine=name, undone=undone, released=released, rehearsal=rehearsal
        )
    if notice:
        notify(notice)
    # Last: a record that cannot be written keeps no notification back.
    recorded = rehearsal is not None and keep(rehearsal)
    done = {"undone": undone, "released": released, "notified": bool(notice), "recorded": recorded}
    facts = {"execution": execution, "status": status, "done": done}
    logger.info("Cleaned up after an execution", extra=facts)
    return done
