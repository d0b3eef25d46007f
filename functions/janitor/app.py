"""Janitor: does for an execution that has ended what it could not do itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer
from botocore.exceptions import BotoCoreError, ClientError
from pilotlight.conditions.evidence import read_json
from pilotlight.control.table import ControlTable, ControlUnchanged, ControlUnread
from pilotlight.control.transitions import TRANSITIONS
from pilotlight.failover.aborted_notice import message, unsent
from pilotlight.recoveries import schema
from pilotlight.rehearsal import aborted_run, records
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import client
from pilotlight.shared.conditional_write import write
from pilotlight.shared.other_region import client_of
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, required

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.failover.aborted_notice import Message
    from pilotlight.rehearsal.aborted_run import AbortedRehearsal

logger, tracer = Logger(), Tracer()
# As long as the machine keeps a verdict, and the bucket a report.
RETENTION_DAYS = 400


def undo_drain(execution: str) -> bool:
    """Let the drained Region serve again if the drain is this execution's; return whether it was.

    A planned claim ends its drain in the same write, so what still drains was not claimed.
    """
    known = Deployment.from_environment()
    table = ControlTable(client("dynamodb"), known.control_table)
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
    """Free the lock if it is this execution's, and say whether it was."""
    return write(
        client("dynamodb").delete_item,
        TableName=required("RECOVERIES_TABLE"),
        Key=schema.key(schema.LOCK),
        ConditionExpression="#owner = :dead",
        ExpressionAttributeNames={"#owner": "owner"},
        ExpressionAttributeValues={":dead": {"S": execution}},
    )


def hold_outage(execution: str, asked: Mapping[str, Any]) -> bool:
    """Keep that a person stopped a run of the outage that is on: nothing else starts by itself."""
    first = (asked.get("outage") or {}).get("first_failed_at")
    values = {":by": {"S": execution}} | ({":first": {"S": first}} if first else {})
    return write(
        client("dynamodb").update_item,
        TableName=required("RECOVERIES_TABLE"),
        Key=schema.key(schema.SENTINEL),
        UpdateExpression="SET held_by = :by",
        ConditionExpression="first_failed_at = :first"
        if first
        else "attribute_exists(first_failed_at)",
        ExpressionAttributeValues=values,
    )


def keep(rehearsal: AbortedRehearsal) -> bool:
    """Keep a verdict on a rehearsal that could not keep its own, and say whether it was needed."""
    dynamodb, table = client("dynamodb"), required("RECOVERIES_TABLE")
    return records.keep(dynamodb, table, rehearsal, now=datetime.now(UTC), days=RETENTION_DAYS)


def notify(told: Message) -> None:
    """Notify people, by the topic in us-east-1 where this Region's takes nothing."""
    sent: dict[str, Any] = {
        "Subject": f"Pilot Light: {told.subject}"[:100],
        "Message": told.text,
        "MessageAttributes": {
            "event": {"DataType": "String", "StringValue": told.event},
            "mode": {"DataType": "String", "StringValue": told.mode},
        },
    }
    try:
        client("sns").publish(TopicArn=required("TOPIC_ARN"), **sent)
    except (BotoCoreError, ClientError) as error:
        logger.warning(
            "Notification not sent by this Region's topic: trying the other one",
            extra={"error": str(error)},
        )
        other = required("OTHER_TOPIC_ARN")
        client_of(other.split(":")[3], "sns").publish(TopicArn=other, **sent)


@recovery_step(logger, tracer, execution="detail.executionArn")
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """Clean up after the execution of a `Step Functions Execution Status Change` event."""
    detail = event["detail"]
    execution, status, machine = detail["executionArn"], detail["status"], detail["stateMachineArn"]
    if machine not in required("MACHINE_ARNS").split(","):
        raise ValueError(f"{execution} is no execution of {required('MACHINE_ARNS')}.")
    # Users first: until the drain is undone nobody takes their writes.
    undone, released = undo_drain(execution), free_lock(execution)
    if machine == required("MACHINE_ARNS").split(",")[0] and aborted_run.holds(detail):
        hold_outage(execution, read_json(detail.get("input"), {}))
    rehearsal, name = aborted_run.rehearsal(detail), machine.rsplit(":", 1)[-1]
    # A run that ends by itself has notified people, unless SNS took nothing or it left something.
    told = unsent(detail)
    if undone or status in ("TIMED_OUT", "ABORTED") or (released and status != "SUCCEEDED"):
        told = message(
            execution,
            status,
            machine=name,
            undone=undone,
            released=released,
            rehearsal=rehearsal,
        )
    if told:
        notify(told)
    # Last: a record that cannot be written keeps nobody from being told.
    kept = rehearsal is not None and keep(rehearsal)
    done = {"undone": undone, "released": released, "notified": bool(told), "verdict_kept": kept}
    logger.info(
        "Cleaned up after an execution",
        extra={"execution": execution, "status": status, "done": done},
    )
    return done
