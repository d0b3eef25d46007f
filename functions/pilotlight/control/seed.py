"""Seeds the control item once. In another table than the item, a mark of it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilotlight.control.table import ControlUnread
from pilotlight.recoveries import schema
from pilotlight.shared import timestamps
from pilotlight.shared.conditional_write import write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from pilotlight.control.item import ControlItem
    from pilotlight.control.table import ControlTable

KEY = schema.key(schema.SEEDED)
# How many claims in a row may have left no record.
MISSING = 5


class SeededBefore(Exception):
    """The control item is gone. Seeding it again could use an epoch a second time."""


def seed(
    table: ControlTable, mark: SeedMark, primary_region: str, epoch: int | None = None
) -> ControlItem:
    """Seed once, and return the control item that is there now.

    Parameters
    ----------
    epoch
        Given by a person who puts a lost item back: above every epoch that was ever used.

    Raises
    ------
    SeededBefore
        The item is missing although it was seeded before, and nobody gave a higher epoch.
    """
    try:
        item = table.read()
    except ControlUnread as error:
        if error.why != "missing":
            raise
        used = mark.highest_epoch()
        if used is not None and (epoch is None or epoch <= used):
            raise SeededBefore(
                f"The control item was seeded before and is missing now; epoch {used} was used. "
                "See docs/runbook/control-item-missing.md. To put it back, invoke this "
                f'function with {{"RequestType": "Seed", "Epoch": {used + 1}}}.'
            ) from None
        item = table.seed(primary_region, timestamps.now(), epoch or 1)
    mark.record(item.epoch)
    return item


class SeedMark:
    """The epochs that were used, by the recoveries table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def highest_epoch(self) -> int | None:
        """Return the highest epoch that may have been used, or None if nothing was ever seeded.

        A claim leaves a record, unless its run died or it was made in the Primary's Region: some
        may be missing, so as many epochs after the last record count as used.
        """
        answer = self._client.get_item(TableName=self._table, Key=KEY, ConsistentRead=True)
        if "Item" not in answer:
            return None
        epoch = last = int(answer["Item"]["epoch"]["N"])
        while epoch - last < MISSING:
            epoch += 1
            last = epoch if self._has_record(epoch) else last
        return epoch

    def record(self, epoch: int) -> None:
        """Record that an epoch was used. A higher one stays."""
        write(
            self._client.update_item,
            TableName=self._table,
            Key=KEY,
            UpdateExpression="SET epoch = :epoch",
            ConditionExpression="attribute_not_exists(pk) OR epoch < :epoch",
            ExpressionAttributeValues={":epoch": {"N": str(epoch)}},
        )

    def _has_record(self, epoch: int) -> bool:
        key = schema.key(schema.RECOVERY, epoch)
        return "Item" in self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
