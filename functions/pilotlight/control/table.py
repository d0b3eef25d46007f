"""The transitions of the control item, each a conditional write of the control table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pilot_light_client.conditional_write import write
from pilot_light_client.control_item import CONTROL_KEY
from pilot_light_client.control_table import KEY, ControlReader
from pilot_light_client.table_errors import TableUnavailable, translated

if TYPE_CHECKING:
    from pilot_light_client.control_item import ControlItem
    from pilot_light_client.table_errors import Meaning

    from pilotlight.control.transitions import Transition

Failure = Literal["changed", "conflict", "no_quorum", "unknown"]


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


class ControlTable(ControlReader):
    """The control table, and the changes that this product makes in it."""

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


def seed_item(primary_region: str, now: str, epoch: int = 1) -> dict[str, Any]:
    """Return the control item of a new deployment: the Primary serves."""
    return {
        "pk": {"S": CONTROL_KEY},
        "revision": {"N": "1"},
        "active_region": {"S": primary_region},
        "epoch": {"N": str(epoch)},
        "state": {"S": "serving"},
        "changed_at": {"S": now},
        "changed_by": {"S": "seed"},
    }
