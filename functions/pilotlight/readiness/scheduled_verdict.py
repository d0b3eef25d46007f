"""Stores the verdict of scheduled readiness, and reminds people of a pause that it names."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from pilot_light_client import timestamps
from pilot_light_client.table_errors import translated

from pilotlight.messages.message import KINDS, Message, publication
from pilotlight.recoveries import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient

    from pilotlight.messages.message import Sender
    from pilotlight.sentinel.item import SentinelItem


def store(client: DynamoDBClient, table: str, verdict: Mapping[str, Any]) -> None:
    """Store the verdict for a recovery, and for people."""
    with translated():
        client.put_item(
            TableName=table,
            Item={
                **schema.key(schema.READINESS),
                "verdict": {"S": verdict["verdict"]},
                "findings": {"S": verdict["findings"]},
                "checks": {"S": json.dumps(verdict["checks"])},
                "checked_at": {"S": verdict["checked_at"]},
            },
        )


def remind_of_pause(
    sentinel: SentinelItem,
    client: SNSClient,
    topic: str,
    verdict: Mapping[str, Any],
    sender: Sender,
) -> None:
    """Remind people once a day while the automation is paused."""
    check: dict[str, Any] = next((c for c in verdict["checks"] if c["name"] == "automation"), {})
    now = int(time.time())
    if check.get("state") != "failed" or not sentinel.mark_reminded(now, now - 86_400):
        return
    message = Message(
        subject="the automation is paused",
        text=f"The automation is {check['detail']}.",
        kind="paused",
        row=KINDS["scheduled_readiness"]["paused"],
        mode="automation",
    )
    try:
        client.publish(TopicArn=topic, **publication(message, sender, timestamps.now()))
    except (BotoCoreError, ClientError):
        sentinel.mark_reminded(0, now)  # Not sent: the next run tries again.
        raise
