"""Canaries: write, read back, delete. They prove that a data plane works."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from pilotlight.readiness.verdict import Outcome


def table(client: DynamoDBClient, name: str, key: dict[str, Any]) -> Outcome:
    """Put, read consistently and delete a canary item."""
    mark = {"S": str(uuid.uuid4())}
    client.put_item(TableName=name, Item={**key, "mark": mark})
    item = client.get_item(TableName=name, Key=key, ConsistentRead=True).get("Item", {})
    if item.get("mark") != mark:
        return "failed", f"The canary put into {name} was not read back."
    client.delete_item(TableName=name, Key=key)
    return "ok", "put, read and deleted a canary"


def bucket(client: S3Client, name: str, key: str) -> Outcome:
    """Put, read and delete a canary object."""
    mark = str(uuid.uuid4()).encode()
    client.put_object(Bucket=name, Key=key, Body=mark)
    if client.get_object(Bucket=name, Key=key)["Body"].read() != mark:
        return "failed", f"The canary put into {name} was not read back."
    client.delete_object(Bucket=name, Key=key)
    return "ok", "put, read and deleted a canary"
