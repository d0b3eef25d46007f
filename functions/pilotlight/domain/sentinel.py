"""When the sentinel looks, what it concludes, and which of its runs may speak."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pilotlight.domain.confirmation import Beacon, Probe

# The alarm looks at four periods: after as many good looks no failed one is left in it.
GOOD_LOOKS_TO_FORGET = 4
LONGEST_PROBE = 2.0
# As long as the silence alarm waits: over a longer pause nobody can say that the Primary was well.
LONGEST_PAUSE_SECONDS = 180


@dataclass(frozen=True)
class Look:
    """One look at the Primary: the own probe, and what the beacon says."""

    probe: Probe
    beacon: Beacon

    @property
    def unhealthy(self) -> bool:
        """Whether a witness says that the Primary is down. An unanswered beacon says nothing."""
        return not self.probe.ok or self.beacon == "unhealthy"

    @property
    def well(self) -> bool:
        """Whether both witnesses say that the Primary is well."""
        return self.probe.ok and self.beacon == "healthy"


@dataclass(frozen=True)
class Streak:
    """Since when own probes have failed, and since when nobody has found anything wrong.

    One good look within an outage does not end it, for it does not end the alarm's 3 of 4 either.
    """

    first_failed_at: str | None = None
    good_looks: int = 0
    healthy_since: str | None = None
    looked_at: str | None = None

    def after(self, look: Look) -> Streak:
        """Return the streak with one more look in it."""
        at, since = look.probe.at, self._healthy_since(look)
        if not look.probe.ok:
            return Streak(self.first_failed_at or at, 0, since, at)
        good = self.good_looks + 1
        first = None if good >= GOOD_LOOKS_TO_FORGET else self.first_failed_at
        return Streak(first, good, since, at)

    def _healthy_since(self, look: Look) -> str | None:
        """Only both witnesses together begin it; either ends it, and so does a pause."""
        if look.unhealthy:
            return None
        if self.healthy_since and self.looked_at and not _paused(self.looked_at, look.probe.at):
            return self.healthy_since
        return look.probe.at if look.well else None


@dataclass(frozen=True)
class Lease:
    """Who speaks: the newest run, from the tick on that it named when it took over.

    The run before may still speak of an earlier tick, on which it was at work: so none is left
    out. No tick is spoken of twice, for each has to be later than the last.
    """

    owner: str
    since: int
    from_tick: int
    last_tick: int = -1

    def grants(self, run: str, tick: int) -> bool:
        """Say whether a run may speak of a tick. Both are told in milliseconds."""
        return tick > self.last_tick and (run == self.owner or tick < self.from_tick)

    def yields_to(self, since: int) -> bool:
        """Say whether a run that began then takes over."""
        return since > self.since


def _paused(last: str, now: str) -> bool:
    apart = datetime.fromisoformat(now) - datetime.fromisoformat(last)
    return apart.total_seconds() > LONGEST_PAUSE_SECONDS


def next_tick(now: float, interval: int) -> int:
    """Return the next tick after a moment of the wall clock, in milliseconds.

    Ticks stand in the middle of the clock's multiples of the interval, to which CloudWatch aligns
    its periods. So each period gets one point, whichever run speaks and however late it wakes; and
    the point is there before the period closes, after a probe of full length and the way through
    the logs. A tick at the start of a period would be judged half a period later.
    """
    half = interval / 2
    return round((math.floor((now - half) / interval) + 1) * interval * 1000 + half * 1000)


def probe_seconds(interval: int) -> float:
    """Return how long a probe may take: it has to be over before the next one is due."""
    return min(LONGEST_PROBE, 0.8 * interval)
