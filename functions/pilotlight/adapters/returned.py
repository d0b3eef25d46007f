"""The fence of a Region that may have been gone: the control item, and the proof that it is new."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from pilotlight.domain.fence import kept_seconds
from pilotlight.domain.heartbeat import following

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.adapters.heartbeats import Heartbeats
    from pilotlight.domain.control import ControlItem
    from pilotlight.domain.fence import Proof
    from pilotlight.domain.heartbeat import Server


def milliseconds() -> int:
    """Return this moment, in milliseconds since 1970."""
    return int(time.time() * 1000)


class ReturnedControl:
    """Reads as often as the fence needs, and writes the Region's heartbeats while it serves.

    Whoever serves here is as good a sign of life as a schedule, and there all the time: checkers
    ask about once a second. A gap is recorded all the same, by whoever comes first after it.

    Parameters
    ----------
    in_passing
        Heartbeats by a client that waits for nothing: no answer is later for a heartbeat's sake.
    """

    def __init__(
        self,
        heartbeats: Heartbeats,
        in_passing: Heartbeats,
        region: str,
        promise_ms: int,
        clock: Callable[[], int] = milliseconds,
    ) -> None:
        self._heartbeats = heartbeats
        self._in_passing = in_passing
        self._region = region
        self._promise_ms = promise_ms
        self._clock = clock
        self._held: tuple[ControlItem | None, Proof] | None = None
        self._read_at = 0
        self._id = uuid.uuid4()

    def get(self) -> ControlItem | None:
        """Return the control item. A failed read is not kept, so that the next one asks again."""
        self._look(self._heartbeats, "write")
        return self._held[0] if self._held else None

    def age(self) -> float:
        """Return how many seconds ago the item was asked for that is held."""
        return (self._clock() - self._read_at) / 1000

    def proof(self) -> Proof | None:
        """Return what shows that the control item is not old."""
        return self._held[1] if self._held else None

    def keep_alive(self) -> None:
        """Write the next heartbeat where it is due, for a health check, and never fail."""
        last = self._held[1].heartbeat if self._held else None
        if last is None or last.due(self._clock(), self._promise_ms, "check"):
            self._look(self._in_passing, "check")

    def _look(self, heartbeats: Heartbeats, server: Server) -> None:
        now = self._clock()
        held = self._held[0] if self._held else None
        if self._held is None or not 0 <= now - self._read_at < kept_seconds(held) * 1000:
            self._held, self._read_at = heartbeats.at_the_fence(self._region), now
            self._beat(now, server)

    def _beat(self, now: int, server: Server) -> None:
        if self._held is None:
            return
        control, proof = self._held
        last = proof.heartbeat
        if control is None or control.active_region != self._region or last is None:
            return
        if not last.due(now, self._promise_ms, server):
            return
        by = f"{server} {self._id}"
        new = following(
            last, now=now, promise_ms=self._promise_ms, by=by, by_started=last.by_started
        )
        try:
            if self._in_passing.beat(self._region, last, new):
                self._held = (control, replace(proof, heartbeat=new))
                self._in_passing.copy(new, self._region, active=True)
        except (BotoCoreError, ClientError):
            # Nobody else's business: a write that the table does not take fails by itself, and a
            # copy that is missing makes the estimate of what may be lost larger, not smaller.
            return
