"""A client of DynamoDB that answers what a test says, call by call, and keeps what it was asked."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError
from pilot_light_client.control_item import ControlItem

PRIMARY, SECONDARY = "us-west-2", "us-east-2"
SILENT = ReadTimeoutError(endpoint_url="https://dynamodb.us-west-2.amazonaws.com")
SERVING = ControlItem(7, PRIMARY, 3, "serving", changed_at="2027-01-15T08:00:00Z", changed_by="a")
CLAIMED = ControlItem(8, SECONDARY, 4, "claimed", changed_by="run-1")
DRAINING = ControlItem(8, PRIMARY, 3, "draining", "run-1", 1_800_000_060_000, changed_by="run-1")


def error(code: str, status: int = 400) -> ClientError:
    """An error as DynamoDB answers it."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": code},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
        },
        "Operation",
    )


def row(item: ControlItem) -> dict[str, Any]:
    """A control item as DynamoDB returns it."""
    numbers = ("revision", "epoch", "drain_until", "cooldown_until")
    found: dict[str, Any] = {"pk": {"S": "control"}}
    for name, value in vars(item).items():
        if value is not None:
            found[name] = {"N": str(value)} if name in numbers else {"S": value}
    return found


class Scripted:
    """Answers each call with the next of its answers; the last one is repeated."""

    def __init__(self, *answers: Any, **by_operation: list[Any]) -> None:
        self._answers = list(answers)
        self._by_operation = by_operation
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Any:
        def call(**asked: Any) -> Any:
            self.calls.append((operation, asked))
            left = self._by_operation.get(operation, self._answers)
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    @property
    def operations(self) -> list[str]:
        return [name for name, _ in self.calls]
