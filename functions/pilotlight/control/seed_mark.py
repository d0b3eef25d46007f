"""The mark that the control item was seeded, in another table than the item itself."""

from __future__ import annotations

from typing import Any

from pilotlight.recoveries import schema
from pilotlight.shared.conditional_write import write

KEY = schema.key(schema.SEEDED)
# So many claims in a row may have left no record.
MISSING = 5


class SeedMark:
    """Which epochs were used, as the recoveries table knows."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def highest_epoch(self) -> int | None:
        """Return the highest epoch known to be used, or None where nothing was ever seeded.

        A claim leaves a record, unless its run died or it was made in the Primary's Region: some
        may be missing, so as many epochs after the last record count as used.
        """
        found = self._client.get_item(TableName=self._table, Key=KEY, ConsistentRead=True)
        if "Item" not in found:
            return None
        epoch = last = int(found["Item"]["epoch"]["N"])
        while epoch - last < MISSING:
            epoch += 1
            last = epoch if self._has_record(epoch) else last
        return epoch

    def keep(self, epoch: int) -> None:
        """Keep that an epoch was used. A higher one stays."""
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
