"""The pulse: the active Region's sign of life in the control table, rewritten every ten seconds.

It takes a quorum to write it. While it stands still, and strong reads work elsewhere, the active
Region can acknowledge no write. No times of two Regions are compared.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from pilot_light_client.attributes import try_number
from pilot_light_client.table_errors import TableUnavailable, translated

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

logger = logging.getLogger(__name__)
KEY = {"pk": {"S": "pulse"}}
PULSE_SECONDS = 10.0


class Pulse:
    """The pulse item, as this Region's member of the control table answers."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(self, *, consistent: bool) -> int | None:
        """Return the number of the last beat, or None if there is none.

        Raises
        ------
        TableUnavailable
            The table did not answer.
        """
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=KEY, ConsistentRead=consistent
            )
        return try_number(answer.get("Item", {}), "beat")

    def beat(self, region: str) -> None:
        """Write the next beat. A second write does no harm."""
        with translated():
            self._client.update_item(
                TableName=self._table,
                Key=KEY,
                UpdateExpression=(
                    "SET beat = if_not_exists(beat, :zero) + :one, by_region = :region"
                ),
                ExpressionAttributeValues={
                    ":zero": {"N": "0"},
                    ":one": {"N": "1"},
                    ":region": {"S": region},
                },
            )

    def try_beat(self, region: str) -> None:
        """Write the next beat. Never fails."""
        try:
            self.beat(region)
        except TableUnavailable as error:
            logger.warning("Pulse not written to the control table", extra={"error": str(error)})


class PulseWriter:
    """Beats while a Region that is active serves requests. Several environments share one pulse."""

    def __init__(self, pulse: Pulse, region: str, clock: Callable[[], float] = time.time) -> None:
        self._pulse, self._region, self._clock = pulse, region, clock
        self._checked_at = 0.0
        self._last: int | None = None

    def serve(self) -> None:
        """Write a beat unless another environment has for ten seconds. Never fails."""
        now = self._clock()
        if 0 <= now - self._checked_at < PULSE_SECONDS:
            return
        self._checked_at = now
        try:
            beat = self._pulse.read(consistent=False)
            if beat is None or beat == self._last:
                self._pulse.beat(self._region)
                beat = (beat or 0) + 1
            self._last = beat
        except TableUnavailable:
            return
