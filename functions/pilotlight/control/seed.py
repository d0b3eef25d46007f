"""Seeds the control item once. In another table than the item, a mark of it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilot_light_client import timestamps
from pilot_light_client.attributes import try_number
from pilot_light_client.conditional_write import write
from pilot_light_client.control_table import ControlUnread
from pilot_light_client.table_errors import translated

from pilotlight.recoveries import schema

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.attributes import Row
    from pilot_light_client.control_item import ControlItem

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
        mark = self._item(KEY)
        if mark is None:
            return None
        known = try_number(mark, "epoch")
        if known is None:
            raise SeededBefore(
                "The mark of the seeded control item cannot be read: see the item `seeded` of the "
                "recoveries table. Its attribute epoch must be the highest epoch that was used."
            )
        epoch = last = known
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
        return self._item(schema.key(schema.RECOVERY, epoch)) is not None

    def _item(self, key: dict[str, Any]) -> Row | None:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return answer.get("Item")
