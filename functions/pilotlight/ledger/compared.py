"""How far the journals of epochs were compared in time, by their watermarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilotlight.journal.comparison import LOWEST
from pilotlight.journal.reader import Watermark

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb import DynamoDBClient


class Compared:
    """The watermarks in the recoveries table. Only the active Region's journal has one."""

    def __init__(self, client: DynamoDBClient, table: str, regions: Iterable[str]) -> None:
        self._client = client
        self._table = table
        self._regions = tuple(regions)

    def to(self, epoch: int) -> str:
        """Return the write id up to which an epoch was compared before anything could expire."""
        marks = [
            Watermark(self._client, self._table, region, epoch).read() for region in self._regions
        ]
        return max((m.write_id for m in marks if not m.uncompared_since), default=LOWEST)
