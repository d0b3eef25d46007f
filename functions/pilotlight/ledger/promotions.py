"""The records of promotions in the recoveries table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilot_light_client.table_errors import translated

from pilotlight.ledger.epoch_end import Promotion, from_record
from pilotlight.recoveries import schema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Promotions:
    """The records, each read at most once. A missing record only makes more writes count."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table
        self._records: dict[int, Promotion | None] = {}

    def to(self, epoch: int) -> Promotion | None:
        """Return the record of the promotion to an epoch, or None where there is none."""
        if epoch not in self._records:
            key = schema.key(schema.RECOVERY, epoch)
            with translated():
                answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
            self._records[epoch] = from_record(answer["Item"]) if "Item" in answer else None
        return self._records[epoch]
