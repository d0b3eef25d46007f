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


def milliseconds() -> int:
    """Return this moment, in milliseconds since 1970."""
    return int(time.time() * 1000)


class ReturnedControl:
    """Reads as often as the fence needs, and keeps the Region's pulse where nobody else does.

    A schedule that fails in a healthy Region must not stop its writes: whoever serves here is as
    good a sign of life. A gap is recorded all the same, by whoever comes first after it.
    """

    def __init__(
        self,
        heartbeats: Heartbeats,
        region: str,
        promise_ms: int,
        clock: Callable[[], int] = milliseconds,
    ) -> None:
        self._heartbeats = heartbeats
        self._region = region
        self._promise_ms = promise_ms
        self._clock = clock
        self._held: tuple[ControlItem | None, Proof] | None = None
        self._read_at = 0
        self._by = f"app {uuid.uuid4()}"

    def get(self) -> ControlItem | None:
        """Return the control item. A failed read is not kept, so that the next one asks again."""
        now = self._clock()
        held = self._held[0] if self._held else None
        if self._held is None or not 0 <= now - self._read_at < kept_seconds(held) * 1000:
            self._held, self._read_at = self._heartbeats.at_the_fence(self._region), now
            self._keep_alive(now)
        return self._held[0] if self._held else None

    def age(self) -> float:
        """Return how many seconds ago the item was asked for that is held."""
        return (self._clock() - self._read_at) / 1000

    def proof(self) -> Proof | None:
        """Return what shows that the control item is not old."""
        return self._held[1] if self._held else None

    def keep_alive(self) -> None:
        """Look whether the pulse goes on, no more often than it has to."""
        beat = self._held[1].heartbeat if self._held else None
        if beat is None or self._clock() - beat.written_at >= self._promise_ms:
            self.get()

    def _keep_alive(self, now: int) -> None:
        if self._held is None:
            return
        control, proof = self._held
        last = proof.heartbeat
        if control is None or control.active_region != self._region or last is None:
            return
        if now - last.written_at < min(last.promise_ms, self._promise_ms):
            return
        new = following(
            last, now=now, promise_ms=self._promise_ms, by=self._by, by_started=last.by_started
        )
        try:
            kept = self._heartbeats.beat(self._region, last, new)
        except (BotoCoreError, ClientError):
            # Not the writer's business: a write that the table does not take fails by itself.
            return
        if kept:
            self._held = (control, replace(proof, heartbeat=new))
