"""Notifies people after a run has ended: by the other Region's topic if this Region's fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from pilotlight.shared.other_region import client_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sns import SNSClient

logger = Logger(child=True)


def notify(client: SNSClient, topic: str, other_topic: str, publication: Mapping[str, Any]) -> None:
    """Publish a message to a topic of this Region, or else to one of another."""
    try:
        client.publish(TopicArn=topic, **publication)
    except (BotoCoreError, ClientError) as error:
        logger.warning(
            "Notification not sent by this Region's topic: trying the other one",
            extra={"error": str(error)},
        )
        region = other_topic.split(":")[3]
        client_of(region, "sns").publish(TopicArn=other_topic, **publication)
