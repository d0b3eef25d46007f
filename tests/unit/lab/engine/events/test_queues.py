"""The lab's queues: a delayed message is delivered when it is due, and a batch needs one grant."""

from __future__ import annotations

import threading
import time
from typing import Any

from lab.engine.events import queues
from tests.unit.lab.engine.fakes import Anything, FakeAws


class Woken:
    def __init__(self) -> None:
        self.at: list[float] = []
        self.event = threading.Event()

    def set(self) -> None:
        self.at.append(time.time())
        self.event.set()

    def wait(self, times: int) -> None:
        until = time.time() + 5
        while len(self.at) < times and time.time() < until:
            time.sleep(0.005)
        assert len(self.at) == times


def lab() -> tuple[Any, Woken, list[Any], list[str]]:
    woken, sent, asked = Woken(), [], []

    def send(data: dict[str, Any], url: str) -> dict[str, str]:
        sent.append((data, url))
        return {"MessageId": "1"}

    def enforce(_key: str, action: str, _service: str, **_: Any) -> None:
        asked.append(action)

    aws = FakeAws(
        sqs=Anything(_act_send_message=send, _HANDLERS={"SendMessage": send}, esm_wake=woken),
        iam_evaluator=Anything(enforce=enforce),
    )
    queues.install(aws)  # type: ignore[arg-type]
    return aws, woken, sent, asked


def test_the_pollers_wake_when_a_delay_is_over_and_not_before() -> None:
    aws, woken, sent, _ = lab()
    assert aws.sqs._act_send_message({"MessageBody": "now"}, "url") == {"MessageId": "1"}
    assert aws.sqs._HANDLERS["SendMessage"]({"DelaySeconds": 1}, "url") == {"MessageId": "1"}
    assert len(sent) == 2
    begun = time.time()
    woken.wait(1)
    assert 0.9 < woken.at[0] - begun < 1.2


def test_a_batch_needs_the_permission_of_its_messages_and_other_services_keep_their_own() -> None:
    aws, _, _, asked = lab()
    aws.iam_evaluator.enforce("key", "sqs:SendMessageBatch", "sqs")
    aws.iam_evaluator.enforce("key", "sqs:SendMessage", "sqs")
    aws.iam_evaluator.enforce("key", "other:StartBatch", "other")
    assert asked == ["sqs:SendMessage", "sqs:SendMessage", "other:StartBatch"]
