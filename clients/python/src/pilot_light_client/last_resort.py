"""The last resort: a person lets one Region write while the control table answers nothing.

An item of a Region-local table, good for four hours at most, void and deleted at the first strong
read of the control table that succeeds. The emergency machine of the Region grants it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilot_light_client import timestamps
from pilot_light_client.attributes import AttributeInvalid, number, text
from pilot_light_client.table_errors import TableUnavailable, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"pk": {"S": "last-resort"}}
LONGEST_SECONDS = 4 * 3600


@dataclass(frozen=True)
class LastResort:
    """A person's grant: its end (seconds since 1970), the epoch, and the person."""

    until: int
    epoch: int
    by: str

    @property
    def until_text(self) -> str:
        """The end, as people read it."""
        end = timestamps.try_from_number(self.until, per_second=1)
        return timestamps.text(end) if end else "an unreadable time"

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> LastResort | None:
        """Read the item, or return None if an attribute is missing or invalid."""
        try:
            return cls(number(item, "until"), number(item, "epoch"), text(item, "by"))
        except AttributeInvalid:
            return None

    def is_in_force(self, now: float) -> bool:
        """Return whether it is in force. An end further ahead than four hours grants nothing."""
        return timestamps.is_end(self.until - now, LONGEST_SECONDS)


class LastResortTable:
    """The Region-local table that holds it. If DynamoDB fails, there is no last resort."""

    def __init__(
        self, client: DynamoDBClient, table: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def read(self) -> LastResort | None:
        """Return the last resort that is in force, or None."""
        granted = LastResort.from_item(self._item())
        return granted if granted and granted.is_in_force(self._clock()) else None

    def exists(self) -> bool:
        """Return whether there is one, in force or not: it may be in force by another clock."""
        return bool(self._item())

    def end(self) -> bool:
        """Delete it, and return whether there was one. If that fails, the keeper tries again."""
        try:
            with translated():
                old = self._client.delete_item(
                    TableName=self._table, Key=KEY, ReturnValues="ALL_OLD"
                )
        except TableUnavailable:
            return False
        return "Attributes" in old

    def _item(self) -> Mapping[str, Any]:
        try:
            with translated():
                answer = self._client.get_item(TableName=self._table, Key=KEY, ConsistentRead=True)
        except TableUnavailable:
            return {}
        return answer.get("Item", {})
