"""The control table: strong reads of the control item, and its transitions.

The table is a DynamoDB global table with multi-Region strong consistency. A strong read or a write
is answered only while this Region reaches one more member; an eventual read is local.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/multi-region-strong-consistency-gt.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pilotlight.control.item import CONTROL_KEY, ControlItem, ControlItemInvalid, seed_item
from pilotlight.shared.conditional_write import write
from pilotlight.shared.table_errors import TableUnavailable, translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from pilotlight.control.transitions import Transition
    from pilotlight.shared.table_errors import Meaning

KEY = {"pk": {"S": CONTROL_KEY}}
Why = Literal["missing", "invalid", "no_quorum", "unavailable"]
Failure = Literal["changed", "conflict", "no_quorum", "unknown"]


class ControlUnread(Exception):
    """The control item could not be read: it is missing or invalid, or the table did not answer."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why = why


class ControlUnchanged(Exception):
    """A transition was not made, as far as a strong read afterwards shows.

    `failure` is `changed` (another change came first), `conflict` (another Region wrote at the same
    moment), `no_quorum` or `unknown`.
    """

    def __init__(self, failure: Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure


# What the error of a conditional write means. Only `changed` says that it was not made; after
# every other one it may be made yet.
FAILURES: dict[Meaning, Failure] = {
    "condition": "changed",
    "conflict": "conflict",
    "unanswered": "no_quorum",
    "throttled": "unknown",
    "refused": "unknown",
}


class ControlTable:
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

    def change(
        self,
        transition: Transition,
        before: ControlItem,
        *,
        here: str,
        by: str,
        at: str,
        **extras: str | int,
    ) -> ControlItem:
        """Make a transition from the item that was read before, and return the item afterwards.

        After any answer but success this reads the table strongly: a change that was made counts,
        although its answer was lost.

        Raises
        ------
        ControlUnchanged
            The strong read does not show the change.
        """
        why = transition.why_refused(before, here)
        if why:
            raise ControlUnchanged("changed", why)
        update = transition.update(before, here=here, by=by, at=at, **extras)
        try:
            # The result is computed: the role of the janitor may not read the item back.
            with translated():
                self._client.update_item(
                    TableName=self._table, Key=KEY, ReturnValues="NONE", **update
                )
            return transition.after(before, here=here, by=by, at=at, **extras)
        except TableUnavailable as error:
            after = self.try_read()
            if after is not None and transition.was_made(before, after, by):
                return after
            failure = FAILURES[error.meaning]
            if after is not None and after.revision != before.revision:
                failure = "changed"
            raise ControlUnchanged(failure, f"{transition.name}: {error}") from error

    def seed(self, primary_region: str, now: str, epoch: int = 1) -> ControlItem:
        """Put the control item if there is none, and return the one that is there."""
        write(
            self._client.put_item,
            TableName=self._table,
            Item=seed_item(primary_region, now, epoch),
            ConditionExpression="attribute_not_exists(pk)",
        )
        return self.read()
