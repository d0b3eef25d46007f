"""Notifies people after a run has ended: by the other Region's topic if this Region's fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from pilotlight.shared.other_region import client_of

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

    from pilotlight.failover.aborted_notice import Message

logger = Logger(child=True)


def notify(client: SNSClient, topic: str, other_topic: str, notice: Message) -> None:
    """Publish a notice to a topic of this Region, or else to one of another."""
    publication: dict[str, Any] = {
        "Subject": f"Pilot Light: {notice.subject}"[:100],
        "Message": notice.text,
        "MessageAttributes": {
            "event": {"DataType": "String", "StringValue": notice.event},
            "mode": {"DataType": "String", "StringValue": notice.mode},
        },
    }
    try:
        client.publish(TopicArn=topic, **publication)
    except (BotoCoreError, ClientError) as error:
        logger.warning(
            "Notification not sent by this Region's topic: trying the other one",
            extra={"error": str(error)},
        )
        region = other_topic.split(":")[3]
        client_of(region, "sns").publish(TopicArn=other_topic, **publication)
