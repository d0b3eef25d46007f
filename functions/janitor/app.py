"""Janitor: does for an execution that died what its failure path could not."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from botocore.exceptions import ClientError
from pilotlight import moments
from pilotlight.adapters.clients import client
from pilotlight.settings import Deployment, required

logger, tracer = Logger(), Tracer()


def undo_drain(execution: str) -> bool:
    """Let the drained Region serve again if the drain is this execution's, and say whether it was.

    A promotion ends its drain in the same write, so what still drains was not promoted.
    """
    return _done(
        "update_item",
        TableName=Deployment.from_environment().control_table,
        Key={"pk": {"S": "control"}},
        UpdateExpression="SET #state = :serving, changed_at = :now REMOVE drain_until, drain_to",
        ConditionExpression="#state = :draining AND changed_by = :dead",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={
            ":serving": {"S": "serving"},
            ":draining": {"S": "draining"},
            ":now": {"S": moments.now()},
            ":dead": {"S": execution},
        },
        ReturnValues="NONE",
    )


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


def notify(execution: str, status: str, *, machine: str, undone: bool, released: bool) -> None:
    """Tell people. The machine itself could not."""
    drain = "Its drain was undone: the old Region serves. " if undone else ""
    lock = "Its lock was freed." if released else "It held no lock."
    subject, mode, event = f"recovery ended {status}", "unknown", "failed"
    advice = (
        "It is safe to run again, and a promotion that was made is then completed. "
        'See the runbook, "ended TIMED_OUT or ABORTED".'
    )
    if machine == f"{required('APP_NAME')}-capacity":
        subject, mode = f"provisioned concurrency ended {status}", "capacity"
        event = "capacity_failed"
        advice = (
            "No recovery waits for it. What it asked for may stay, and is then billed. "
            'See the runbook, "Release provisioned concurrency".'
        )
    client("sns").publish(
        TopicArn=required("TOPIC_ARN"),
        Subject=f"Pilot Light: {subject}",
        Message=(
            f"An execution of the machine {machine} ended {status} without finishing.\n\n"
            f"{drain}{lock} {advice}\nExecution: {execution}\n"
        ),
        MessageAttributes={
            "event": {"DataType": "String", "StringValue": event},
            "mode": {"DataType": "String", "StringValue": mode},
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
    # A run that ends FAILED has notified by itself, unless it died so early that it left something.
    notified = undone or released or status in ("TIMED_OUT", "ABORTED")
    if notified:
        name = machine.rsplit(":", 1)[-1]
        notify(execution, status, machine=name, undone=undone, released=released)
    done = {"undone": undone, "released": released, "notified": notified}
    logger.info("Cleaned up", extra={"execution": execution, "status": status, "done": done})
    return done
