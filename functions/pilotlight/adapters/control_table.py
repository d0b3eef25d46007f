"""The control table: reads who is active, and seeds it once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pilotlight.domain.control import CONTROL_KEY, ControlItem, ControlItemInvalid, seed_item
from pilotlight.domain.fence import FENCE_SECONDS, kept_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.domain.fence import Proof


class ControlTable:
    """The Region's own replica of the control table."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def read(self, *, consistent: bool = True) -> ControlItem | None:
        """Return the control item, or None where it is missing, garbled or cannot be read.

        Not consistently it costs half, and may be old by a moment: enough to tell of, not to act.
        """
        try:
            found = self._client.get_item(
                TableName=self._table, Key={"pk": {"S": CONTROL_KEY}}, ConsistentRead=consistent
            )
            return ControlItem.from_item(found["Item"])
        except (BotoCoreError, ClientError, KeyError, ControlItemInvalid):
            return None

    def seed(self, primary_region: str, now: str) -> ControlItem:
        """Put the control item where none is, and return the one that is there."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item=seed_item(primary_region, now),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
        found = self._client.get_item(
            TableName=self._table, Key={"pk": {"S": CONTROL_KEY}}, ConsistentRead=True
        )
        return ControlItem.from_item(found["Item"])


class CachedControl:
    """The control item, kept for a moment: the fence may not cost every write a read."""

    def __init__(
        self,
        read: Callable[[], ControlItem | None],
        seconds: float = FENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._held: ControlItem | None = None
        self._read_at = 0.0

    def get(self) -> ControlItem | None:
        """Return the item. A failed read is not kept, so that the next request asks again."""
        now = self._clock()
        keep = min(self._seconds, kept_seconds(self._held))
        if self._held is None or now - self._read_at >= keep:
            self._held, self._read_at = self._read(), now
        return self._held

    def age(self) -> float:
        """Return how many seconds ago the item was asked for that is held."""
        return self._clock() - self._read_at

    def proof(self) -> Proof | None:
        """Return None: the replica that is written has nothing to prove. See `ReturnedControl`."""
        return None

    def keep_alive(self) -> None:
        """Do nothing: no write depends on this Region's pulse."""
