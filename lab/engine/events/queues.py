"""Queues: a delayed message reaches its function when it is due, as it would reach a long poll.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html

MiniStack's pollers sleep for a second, and only a message that is sent wakes them. Delays are real
seconds, whatever the speed: the code that asks for them reckons with its own clock. A batch needs
the permission of its single messages, and has none of its own:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from lab.engine.patching import wrap

if TYPE_CHECKING:
    from lab.engine.aws import Aws


def install(aws: Aws) -> None:
    """Close the gaps. After the refusals' record, which then names the permission."""
    _wakes_when_due(aws)
    _batches_as_single_messages(aws)


def _wakes_when_due(aws: Aws) -> None:
    @wrap(aws.sqs, "_act_send_message")
    def send_and_wake(send: Any, data: dict[str, Any], url: str) -> Any:
        answer, delay = send(data, url), int(data.get("DelaySeconds") or 0)
        if delay:
            timer = threading.Timer(delay, aws.sqs.esm_wake.set)
            timer.daemon = True
            timer.start()
        return answer

    aws.sqs._HANDLERS["SendMessage"] = send_and_wake


def _batches_as_single_messages(aws: Aws) -> None:
    @wrap(aws.iam_evaluator, "enforce")
    def enforce_as_single(enforce: Any, key: str, action: str, *args: Any, **given: Any) -> Any:
        if action.startswith("sqs:"):
            action = action.removesuffix("Batch")
        return enforce(key, action, *args, **given)
