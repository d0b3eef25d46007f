"""What queues cost: requests of senders and of Lambda's pollers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cost import CostError
from cost.bill import Line
from lab.intrinsics import referred

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cost.functions import Work
    from cost.standing import Deployment
    from cost.template import Resource, Stack

MAPPING, QUEUE = "AWS::Lambda::EventSourceMapping", "AWS::SQS::Queue"
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
MOST_IN_A_BATCH = 10
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
LONGEST_POLL_SECONDS = 20


def _mapped(stack: Stack, queue: str) -> Resource | None:
    """Return the mapping by which Lambda polls a queue."""
    found = (m for m in stack.of(MAPPING) if referred(m.properties["EventSourceArn"]) == queue)
    return next(found, None)


def polling_lines(stack: Stack, mapping: Resource, deployment: Deployment) -> Iterable[Line]:
    """Return the polls of a queue that come back empty. A table's stream is read without charge."""
    queue = stack.resources.get(referred(mapping.properties["EventSourceArn"]))
    if queue is not None and queue.kind == QUEUE:
        usage, price = deployment.usage, deployment.prices["sqs_request"]
        polls = usage.assumed("queue_pollers") * usage.month_seconds / LONGEST_POLL_SECONDS
        what = f"polls of {queue.name}, at most"
        yield Line("SQS", stack.role, what, polls, price, (mapping.name,))


def message_lines(work: Work, deployment: Deployment) -> Iterable[Line]:
    """Return the requests for the messages that a function sends, each of which invokes one."""
    where, name = work.stack.role, work.function.name
    for queue, number in deployment.usage.function(name).messages.items():
        mapping = _mapped(work.stack, queue)
        if mapping is None:
            raise CostError(f"{name} sends messages to {queue}, which Lambda does not poll.")
        if int(mapping.properties.get("BatchSize", 10)) != 1:
            raise CostError(f"{mapping.name} takes several messages at once, not counted here.")
        messages, price = work.number * number, deployment.prices["sqs_request"]
        sends = work.number * math.ceil(number / MOST_IN_A_BATCH)
        yield Line("SQS", where, f"batches sent to {queue}", sends, price, (name,))
        what = f"messages of {queue} received and deleted"
        yield Line("SQS", where, what, 2 * messages, price, (name,))
