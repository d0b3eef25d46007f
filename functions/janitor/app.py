"""Janitor: does for an execution that died what its failure path could not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer
from botocore.exceptions import ClientError
from pilotlight import moments
from pilotlight.adapters.clients import client
from pilotlight.adapters.rehearsals import Rehearsals
from pilotlight.control.table import ControlTable, ControlUnchanged, ControlUnread
from pilotlight.control.transitions import TRANSITIONS
from pilotlight.domain import cut_off
from pilotlight.domain.last_words import message
from pilotlight.settings import Deployment, required

if TYPE_CHECKING:
    from pilotlight.domain.cut_off import CutOffRehearsal
    from pilotlight.domain.last_words import Message

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
        table.change(undrain, item, here=here, by=by, at=moments.now())
    except (ControlUnread, ControlUnchanged) as error:
        logger.warning("Drain not undone; a keeper does it", extra={"error": str(error)})
        return False
    return True


def free_lock(execution: str) -> bool:
    """Free the lock if it is this execution's, and say whether it was."""
    return _done(
        "delete_item",
        TableName=required("RECOVERIES_TABLE"),
        Key={"pk": {"S": "lock"}},
        ConditionExpression="#owner = :dead",
        ExpressionAttributeNames={"#owner": "owner"},
        ExpressionAttributeValues={":dead": {"S": execution}},
    )


def _done(operation: str, **change: Any) -> bool:
    try:
        getattr(client("dynamodb"), operation)(**change)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def keep(rehearsal: CutOffRehearsal) -> bool:
    """Keep a verdict on a rehearsal that could not keep its own, and say whether it was needed."""
    table = Rehearsals(client("dynamodb"), required("RECOVERIES_TABLE"))
    return table.keep(rehearsal, now=datetime.now(UTC), days=RETENTION_DAYS)


def notify(told: Message) -> None:
    """Tell people. The machine itself could not."""
    client("sns").publish(
        TopicArn=required("TOPIC_ARN"),
        Subject=f"Pilot Light: {told.subject}",
        Message=told.text,
        MessageAttributes={
            "event": {"DataType": "String", "StringValue": "failed"},
            "mode": {"DataType": "String", "StringValue": told.mode},
        },
    )


@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """Clean up after the execution of a `Step Functions Execution Status Change` event."""
    detail = event["detail"]
    execution, status, machine = detail["executionArn"], detail["status"], detail["stateMachineArn"]
    if machine not in required("MACHINE_ARNS").split(","):
        raise ValueError(f"{execution} is no execution of {required('MACHINE_ARNS')}.")
    # Users first: until the drain is undone nobody takes their writes.
    undone, released = undo_drain(execution), free_lock(execution)
    rehearsal, name = cut_off.rehearsal(detail), machine.rsplit(":", 1)[-1]
    # A run that ends FAILED has notified by itself, unless it died so early that it left something.
    notified = undone or released or status in ("TIMED_OUT", "ABORTED")
    if notified:
        notify(
            message(
                execution,
                status,
                machine=name,
                undone=undone,
                released=released,
                rehearsal=rehearsal,
            )
        )
    # Last: a record that cannot be written keeps nobody from being told.
    kept = rehearsal is not None and keep(rehearsal)
    done = {"undone": undone, "released": released, "notified": notified, "verdict_kept": kept}
    logger.info("Cleaned up", extra={"execution": execution, "status": status, "done": done})
    return done
