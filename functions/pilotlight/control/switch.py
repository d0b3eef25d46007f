"""The switch that Route 53's checkers read: whether this Region knows that it is active."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilot_light_client.control_table import ControlUnread
from pilot_light_client.fence import Stamp, age, now

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilot_light_client.control_item import ControlItem
    from pilot_light_client.last_resort import LastResort

# An active Secondary keeps its users for this long after its last strong read.
ON_SECONDS = 120.0


class Switch:
    """The switch of one execution environment.

    Parameters
    ----------
    strong, local
        Read the control item strongly, and from this Region's own copy; or raise ControlUnread.
    last_resort
        Returns the Region's last resort if a person has granted one.
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
        # When the last strong read was sent, if it named this Region as active.
        self._active_at: Stamp | None = None

    def on(self) -> bool:
        """Return whether a strong read, at most 120 s old, or a last resort names this Region."""
        sent = self._clock()
        try:
            active = self._strong().active_region == self._region
        except ControlUnread:
            since = self._active_at
            if since is not None and age(since, self._clock()) <= ON_SECONDS:
                return True
            return self._last_resort() is not None
        self._active_at = sent if active else None
        return active

    def off(self) -> bool:
        """Return whether this Region's own copy names another Region as active."""
        try:
            elsewhere = self._local().active_region != self._region
        except ControlUnread:
            return False
        return elsewhere and self._last_resort() is None
