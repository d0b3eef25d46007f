"""Janitor: does for an execution that died what its failure path could not."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Tracer
from botocore.exceptions import ClientError
from pilotlight.adapters.clients import client
from pilotlight.settings import required

logger, tracer = Logger(), Tracer()


def free_lock(execution: str) -> bool:
    """Free the lock if it is this execution's, and say whether it was."""
    try:
        client("dynamodb").delete_item(
            TableName=required("RECOVERIES_TABLE"),
            Key={"pk": {"S": "lock"}},
            ConditionExpression="#owner = :dead",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":dead": {"S": execution}},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def notify(execution: str, status: str, *, released: bool) -> None:
    """Tell people. The machine itself could not."""
    lock = "Its lock was freed." if released else "It held no lock."
    client("sns").publish(
        TopicArn=required("TOPIC_ARN"),
        Subject=f"Pilot Light: recovery ended {status}",
        Message=(
            f"An execution of the failover machine ended {status} without finishing.\n\n{lock} "
            "It is safe to run again, and a promotion that was made is then completed. "
            f'See the runbook, "ended TIMED_OUT or ABORTED".\nExecution: {execution}\n'
        ),
        MessageAttributes={
            "event": {"DataType": "String", "StringValue": "failed"},
            "mode": {"DataType": "String", "StringValue": "unknown"},
        },
    )


@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """Clean up after the execution of a `Step Functions Execution Status Change` event."""
    detail = event["detail"]
    execution, status = detail["executionArn"], detail["status"]
    if detail["stateMachineArn"] != required("MACHINE_ARN"):
        raise ValueError(f"{execution} is no execution of {required('MACHINE_ARN')}.")
    released = free_lock(execution)
    # A run that ends FAILED has notified by itself, unless it died so early that its lock was left.
    notified = released or status in ("TIMED_OUT", "ABORTED")
    if notified:
        notify(execution, status, released=released)
    logger.info("Cleaned up", extra={"execution": execution, "status": status, "lock": released})
    return {"released": released, "notified": notified}
