"""The lock: one run at a time. The machines acquire it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilot_light_client.conditional_write import write

from pilotlight.recoveries import schema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def free(client: DynamoDBClient, table: str, execution: str) -> bool:
    """Free the lock if it is this execution's, and return whether it was."""
    return write(
        client.delete_item,
        TableName=table,
        Key=schema.key(schema.LOCK),
        ConditionExpression="#owner = :dead",
        ExpressionAttributeNames={"#owner": "owner"},
        ExpressionAttributeValues={":dead": {"S": execution}},
    )
