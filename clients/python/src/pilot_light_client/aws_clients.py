"""How long clients of DynamoDB wait and how often they try, each in the function's own Region."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from pilot_light_client.connection_check import checks_when_connected

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A user waits for a write. Only the legacy mode waits as little as 50 ms before the retry.
WRITE_PATH = Config(
    connect_timeout=0.2,
    read_timeout=0.5,
    retries={"total_max_attempts": 2, "mode": "legacy"},
)
# The fence and the switch read again themselves, and what is done beside an answer may not keep
# it: Route 53 and the sentinel wait for two seconds.
BEST_EFFORT = Config(connect_timeout=0.2, read_timeout=0.5, retries={"total_max_attempts": 1})


@cache
def write_path_client() -> DynamoDBClient:
    """Return the client of what users wait for. Its writes are checked when connected."""
    return checks_when_connected(boto3.client("dynamodb", config=WRITE_PATH))


@cache
def best_effort_client() -> DynamoDBClient:
    """Return a client with one short attempt, for what is left undone rather than late."""
    return boto3.client("dynamodb", config=BEST_EFFORT)
