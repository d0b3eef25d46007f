"""Canaries: write, read back, delete. What works was tried, not asked of a control plane."""

from __future__ import annotations

import uuid
from typing import Any


class CanaryLost(Exception):
    """What was written could not be read back."""


def table(client: Any, name: str, key: dict[str, Any]) -> str:
    """Put, read consistently and delete a canary item."""
    mark = str(uuid.uuid4())
    client.put_item(TableName=name, Item={**key, "mark": {"S": mark}})
    found = client.get_item(TableName=name, Key=key, ConsistentRead=True).get("Item", {})
    if found.get("mark", {}).get("S") != mark:
        raise CanaryLost(f"The canary put into {name} was not read back.")
    client.delete_item(TableName=name, Key=key)
    return "put, read and deleted a canary"


def bucket(client: Any, name: str, key: str) -> str:
    """Put, read and delete a canary object."""
    mark = str(uuid.uuid4()).encode()
    client.put_object(Bucket=name, Key=key, Body=mark)
    if client.get_object(Bucket=name, Key=key)["Body"].read() != mark:
        raise CanaryLost(f"The canary put into {name} was not read back.")
    client.delete_object(Bucket=name, Key=key)
    return "put, read and deleted a canary"
