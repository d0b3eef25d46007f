"""What a dead run left in the control item: each Region's keeper, or the janitor, finishes it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aws_lambda_powertools import Logger
from pilot_light_client import timestamps
from pilot_light_client.control_table import ControlUnread
from pilot_light_client.timestamps import is_end, milliseconds

from pilotlight.control.assembly import control_table, last_resort
from pilotlight.control.table import ControlUnchanged
from pilotlight.control.transitions import TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilot_light_client.control_item import ControlItem
    from pilot_light_client.last_resort import LastResortTable

    from pilotlight.control.table import ControlTable
    from pilotlight.shared.settings import Deployment

logger = Logger(child=True)
KeeperResult = Literal["nothing", "served", "undrained", "no_quorum"]
# A drain is undone this long after its end: its machine may be about to do it.
GRACE_MS = 5_000
# No drain is planned for longer. An end further ahead comes from a clock that is off.
LONGEST_DRAIN_SECONDS = 600.0
# The longest time of the write itself, its strong read afterwards included.
WRITE_SECONDS = 2.0


@dataclass(frozen=True)
class Keeper:
    """The keeper of one Region.

    Parameters
    ----------
    lease_seconds
        For how long a claim waits before it serves, from this keeper's own strong read of it.
    clock
        This moment in milliseconds since 1970: only `drain_until` is compared with it.
    """

    table: ControlTable
    region: str
    name: str
    lease_seconds: float
    last_resort: LastResortTable
    sleep: Callable[[float], None]
    clock: Callable[[], int]

    def keep(self, seconds_left: float) -> KeeperResult:
        """Read the item once, and finish what is left. Waits a LEASE before a claim serves."""
        try:
            item = self.table.read()
        except ControlUnread as error:
            return "no_quorum" if error.why == "no_quorum" else "nothing"
        if self.last_resort.exists():
            self.last_resort.end()
        if item.state == "claimed" and item.active_region == self.region:
            return self._serve(item, seconds_left)
        if item.state == "draining" and self._is_over(item):
            return self._repair("undrain", item, "undrained")
        return "nothing"

    def _serve(self, item: ControlItem, seconds_left: float) -> KeeperResult:
        if seconds_left <= self.lease_seconds + WRITE_SECONDS:
            return "nothing"
        self.sleep(self.lease_seconds)
        return self._repair("serve", item, "served")

    def _is_over(self, item: ControlItem) -> bool:
        """Return whether a drain has ended. A missing end, or one too far ahead, counts as past."""
        if item.drain_until is None:
            return True
        left = item.drain_until + GRACE_MS - self.clock()
        return not is_end(left / 1000, LONGEST_DRAIN_SECONDS)

    def _repair(self, transition: str, item: ControlItem, repair: KeeperResult) -> KeeperResult:
        here, by = item.active_region, self.name
        try:
            self.table.change(TRANSITIONS[transition], item, here=here, by=by, at=timestamps.now())
        except ControlUnchanged:
            return "nothing"
        logger.warning(
            "Control item repaired after an execution that died", extra={"repair": repair}
        )
        return repair


def keeper(deployment: Deployment, function: str) -> Keeper:
    """Return a keeper of this Region. Its name distinguishes its changes from another keeper's."""
    return Keeper(
        table=control_table(deployment),
        region=deployment.region,
        name=f"keeper {deployment.region} {function}",
        lease_seconds=deployment.fence_seconds + deployment.max_write_seconds,
        last_resort=last_resort(deployment),
        sleep=time.sleep,
        clock=milliseconds,
    )


def undo_drain(table: ControlTable, execution: str) -> bool:
    """Let the drained Region serve again if the drain is this execution's; return whether it was.

    A planned claim ends its drain in the same write, so what still drains was not claimed.
    """
    try:
        item = table.read()
        if item.state != "draining" or item.changed_by != execution:
            return False
        undrain, here, by = TRANSITIONS["undrain"], item.active_region, f"janitor of {execution}"
        table.change(undrain, item, here=here, by=by, at=timestamps.now())
    except (ControlUnread, ControlUnchanged) as error:
        logger.warning("Drain not undone: left to a keeper", extra={"error": str(error)})
        return False
    return True
