"""The queue of probe runs: a delayed message for each, which arrives at its tick."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pilotlight.sentinel.observation import delay_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
BATCH = 10


class ProbesNotPlanned(Exception):
    """SQS refused a message."""


class ProbeQueue:
    """The queue of one deployment."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, ticks: Sequence[int], now: float, interval: int) -> None:
        """Send a message for each of at most ten ticks.

        Raises
        ------
        ProbesNotPlanned
            SQS failed, or refused one of them.
        """
        entries: list[Any] = [
            {
                "Id": str(tick),
                "MessageBody": json.dumps({"tick": tick}),
                "DelaySeconds": delay_seconds(tick, now, interval),
            }
            for tick in ticks
        ]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            raise ProbesNotPlanned(str(error)) from error
        if answer.get("Failed"):
            raise ProbesNotPlanned(f"SQS refused {answer['Failed']}.")


def planned_tick(event: dict[str, Any], now: float) -> int:
    """Return the tick of the message that Lambda hands over, or this moment if it has none.

    Any message makes a probe run.
    """
    (record,) = event["Records"]
    try:
        return int(json.loads(record["body"])["tick"])
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        return int(now * 1000)
