"""The switch that Route 53's checkers read: whether this Region is active, and knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilotlight.control.fence import Stamp, age, now
from pilotlight.control.table import ControlUnread

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.control.item import ControlItem
    from pilotlight.control.last_resort import LastResort

# An active Secondary keeps its users for this long after its last strong read.
ON_SECONDS = 120.0


class Switch:
    """The switch of one execution environment.

    Parameters
    ----------
    strong, local
        Read the control item strongly, and from this Region's own copy; or raise ControlUnread.
    last_resort
        Returns the Region's last resort where a person has granted one.
    """

    def __init__(
        self,
        strong: Callable[[], ControlItem],
        local: Callable[[], ControlItem],
        region: str,
        last_resort: Callable[[], LastResort | None] = lambda: None,
        clock: Callable[[], Stamp] = now,
    ) -> None:
        self._strong, self._local, self._region = strong, local, region
        self._last_resort, self._clock = last_resort, clock
        self._last: tuple[bool, Stamp] | None = None

    def on(self) -> bool:
        """Return whether a strong read, at most 120 s old, or a last resort says: active here."""
        sent = self._clock()
        try:
            active = self._strong().active_region == self._region
        except ControlUnread:
            known = self._last
            fresh = known is not None and age(known[1], self._clock()) <= ON_SECONDS
            if known is not None and fresh and known[0]:
                return True
            return self._last_resort() is not None
        self._last = (active, sent)
        return active

    def off(self) -> bool:
        """Return whether this Region's own copy says that another Region is active."""
        try:
            elsewhere = self._local().active_region != self._region
        except ControlUnread:
            return False
        return elsewhere and self._last_resort() is None
