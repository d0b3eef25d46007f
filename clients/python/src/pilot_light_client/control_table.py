"""The control table: strong reads of the control item.

The table is a DynamoDB global table with multi-Region strong consistency. A strong read is
answered only while this Region reaches one more member; an eventual read is local.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/multi-region-strong-consistency-gt.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pilot_light_client.control_item import CONTROL_KEY, ControlItem, ControlItemInvalid
from pilot_light_client.table_errors import TableUnavailable, translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"pk": {"S": CONTROL_KEY}}
Why = Literal["missing", "invalid", "no_quorum", "unavailable"]


class ControlUnread(Exception):
    """The control item could not be read: it is missing or invalid, or the table did not answer."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


class ControlReader:
    """The control table, as its member in this Region answers."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(self, *, consistent: bool = True) -> ControlItem:
        """Return the control item.

        Parameters
        ----------
        consistent
            False reads this Region's own copy: without a quorum, cheaper, and perhaps old.

        Raises
        ------
        ControlUnread
            With the reason in `why`.
        """
        try:
            with translated():
                answer = self._client.get_item(
                    TableName=self._table, Key=KEY, ConsistentRead=consistent
                )
        except TableUnavailable as error:
            why: Why = "no_quorum" if error.meaning == "unanswered" else "unavailable"
            raise ControlUnread(why, str(error)) from error
        if "Item" not in answer:
            raise ControlUnread("missing", f"There is no control item in {self._table}.")
        try:
            return ControlItem.from_item(answer["Item"])
        except ControlItemInvalid as error:
            raise ControlUnread("invalid", str(error)) from error

    def try_read(self, *, consistent: bool = True) -> ControlItem | None:
        """Return the control item, or None if it could not be read."""
        try:
            return self.read(consistent=consistent)
        except ControlUnread:
            return None

    def is_active(self, region: str) -> bool:
        """Return whether a Region is active by this Region's own copy. Unknown counts as active."""
        item = self.try_read(consistent=False)
        return item is None or item.active_region == region
