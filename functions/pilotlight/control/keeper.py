"""The keeper: finishes what a dead run left in the control item. It runs in each Region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pilotlight.control.table import ControlUnchanged, ControlUnread
from pilotlight.control.transitions import TRANSITIONS
from pilotlight.shared import timestamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.control.item import ControlItem
    from pilotlight.control.last_resort import LastResortTable
    from pilotlight.control.table import ControlTable

KeeperResult = Literal["nothing", "served", "undrained", "no_quorum"]
# A drain is undone this long after its end: its machine may be about to do it.
GRACE_MS = 5_000
# No drain is planned for longer. An end further ahead comes from a clock that is off.
LONGEST_DRAIN_MS = 600_000
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
            return "undrained" if self._change("undrain", item) else "nothing"
        return "nothing"

    def _serve(self, item: ControlItem, seconds_left: float) -> KeeperResult:
        if seconds_left <= self.lease_seconds + WRITE_SECONDS:
            return "nothing"
        self.sleep(self.lease_seconds)
        return "served" if self._change("serve", item) else "nothing"

    def _is_over(self, item: ControlItem) -> bool:
        """Return whether a drain has ended. A missing end, or one too far ahead, counts as past."""
        if item.drain_until is None:
            return True
        left = item.drain_until - self.clock()
        return left <= -GRACE_MS or left > LONGEST_DRAIN_MS

    def _change(self, name: str, item: ControlItem) -> bool:
        try:
            self.table.change(
                TRANSITIONS[name], item, here=item.active_region, by=self.name, at=timestamps.now()
            )
        except ControlUnchanged:
            return False
        return True
