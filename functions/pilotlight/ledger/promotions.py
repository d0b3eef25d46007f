"""The records of promotions in the recoveries table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pilot_light_client.table_errors import translated
from pilot_light_client.ulid_format import lowest_of

from pilotlight.journal.comparison import LOWEST
from pilotlight.ledger.epoch_end import CLOCKS, Promotion, ended_at, from_record, incomplete_since
from pilotlight.recoveries import schema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.control_item import ControlItem


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


def incomplete_from(
    promotions: Promotions, epoch: int, control: ControlItem, clocks: timedelta = CLOCKS
) -> str:
    """Return the lowest write id from which on an epoch that is over may be incomplete here."""
    promotion = promotions.to(epoch + 1)
    ended = ended_at(epoch, control, promotion, datetime.now(UTC))
    return id_at(incomplete_since(ended, promotion, clocks))


def id_at(moment: datetime | None) -> str:
    """Return the lowest write id of a moment, or of all time."""
    return lowest_of(int(moment.timestamp() * 1000)) if moment else LOWEST
