"""Queues: a delayed message reaches its function when it is due, as it would reach a long poll.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html

MiniStack's pollers sleep for a second, and only a message that is sent wakes them. Delays are real
seconds, whatever the speed: the code that asks for them reckons with its own clock. A batch needs
the permission of its single messages, and has none of its own:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html
"""

from __future__ import annotations

import heapq
import threading
import time
from typing import TYPE_CHECKING, Any

from lab.engine.patching import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.engine.aws import Aws


class WakeUps:
    """Calls at given moments, from one thread."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._due: list[float] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._run, daemon=True, name="lab-queues").start()

    def at(self, moment: float) -> None:
        """Wake at a moment of the wall clock."""
        with self._changed:
            heapq.heappush(self._due, moment)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0] > time.time():
                    self._changed.wait(self._due[0] - time.time() if self._due else None)
                heapq.heappop(self._due)
            self._wake()


def install(aws: Aws) -> None:
    """Close the gaps. After the refusals' record, which then names the permission."""
    _wakes_when_due(aws)
    _batches_as_single_messages(aws)


def _wakes_when_due(aws: Aws) -> None:
    wake_ups = WakeUps(aws.sqs.esm_wake.set)

    @wrap(aws.sqs, "_act_send_message")
    def send_and_wake(send: Any, data: dict[str, Any], url: str) -> Any:
        answer, delay = send(data, url), int(data.get("DelaySeconds") or 0)
        if delay:
            wake_ups.at(time.time() + delay)
        return answer

    aws.sqs._HANDLERS["SendMessage"] = send_and_wake


def _batches_as_single_messages(aws: Aws) -> None:
    @wrap(aws.iam_evaluator, "enforce")
    def enforce_as_single(enforce: Any, key: str, action: str, *args: Any, **given: Any) -> Any:
        if action.startswith("sqs:"):
            action = action.removesuffix("Batch")
        return enforce(key, action, *args, **given)
