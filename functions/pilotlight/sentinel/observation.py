"""When the sentinel looks, what it concludes, and what one look leaves to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Beacon = Literal["healthy", "unhealthy", "unknown"]
# An outage is over after as many good looks in a row.
GOOD_LOOKS_TO_FORGET = 4
LONGEST_PROBE = 2.0
# As long as the silence alarm waits: over a longer pause nobody can say that the Primary was well.
LONGEST_PAUSE_SECONDS = 180
# A pulse may have moved and come back to nobody's knowledge over a longer pause.
LONGEST_PULSE_PAUSE_SECONDS = 90
SHORTEST_SILENCE = timedelta(seconds=60)
PLANNED_SECONDS = 180
SHORT_INTERVAL = 2
NEVER = -1


@dataclass(frozen=True)
class Probe:
    """One request to the Primary's own name."""

    ok: bool
    status: int | None
    error: str | None
    seconds: float
    at: str


@dataclass(frozen=True)
class Look:
    """One look at the Primary: the own probe, and what the beacon says."""

    probe: Probe
    beacon: Beacon

    # The number of the pulse by a strong read, or None where it was not read.
    beat: int | None = None

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

    One good look within an outage does not end it.
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
class PulseStreak:
    """The last number of the pulse, and since when it stands still, by this Region's clock."""

    beat: int | None = None
    still_since: str | None = None
    looked_at: str | None = None

    def after(self, look: Look) -> PulseStreak:
        """Return the streak with one more look in it. Only what was read can stand still."""
        at = look.probe.at
        if look.beat is None:
            return PulseStreak()
        paused = self.looked_at is None or _apart(self.looked_at, at) > LONGEST_PULSE_PAUSE_SECONDS
        if look.beat != self.beat or self.still_since is None or paused:
            return PulseStreak(look.beat, at, at)
        return PulseStreak(self.beat, self.still_since, at)


@dataclass(frozen=True)
class Kept:
    """What the looks before have left: whose turn is next, and until when looks are planned.

    `well_at` is when both witnesses last found the Primary well. What was never seen well is never
    failed away from. `held_by` is the run of this outage that a person stopped, or rejected, and
    `paused_until` until when a person has paused the automation, in seconds since 1970.
    """

    last_tick: int = NEVER
    planned_until: int = NEVER
    streak: Streak = Streak()
    pulse: PulseStreak = PulseStreak()
    well_at: str | None = None
    held_by: str | None = None
    paused_until: str | None = None


def _paused(last: str, now: str) -> bool:
    return _apart(last, now) > LONGEST_PAUSE_SECONDS


def _apart(last: str, now: str) -> float:
    """Return the seconds between two looks, infinite where the clock went back."""
    apart = datetime.fromisoformat(now) - datetime.fromisoformat(last)
    return apart.total_seconds() if apart >= timedelta(0) else math.inf


def tick_of(now: float, interval: int) -> int:
    """Return the tick of the period in which a moment of the wall clock lies, in milliseconds.

    Ticks stand in the middle of the clock's multiples of the interval, to which CloudWatch aligns
    its periods. So a look that comes half an interval late still counts for its own period; and
    the point is there before the period closes, after a probe of full length and the way through
    the logs. A tick at the start of a period would be judged half a period later.
    """
    return math.floor(now / interval) * interval * 1000 + interval * 500


def plan(now: float, planned_until: int, interval: int) -> list[int]:
    """Return the ticks to come of which no look is planned yet, in milliseconds.

    They are planned for three minutes, though the next start is due in one: a start may fail
    unseen, and Scheduler keeps to the minute and no closer, so that the one after it may come 179 s
    after the one before.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    step, latest = interval * 1000, (now + PLANNED_SECONDS) * 1000
    # Nobody can have planned that far: a clock was wrong, and would silence the sentinel.
    after = planned_until if planned_until <= latest + step else NEVER
    first = tick_of(now, interval)
    first += step if first < now * 1000 else 0
    return [tick for tick in range(first, int(latest) + 1, step) if tick > after]


def delay_seconds(tick: int, now: float, interval: int) -> int:
    """Return for how long a message has to wait until a tick, in whole seconds as SQS wants it.

    Half a second too late would be another period where intervals are that short. There it comes
    too early instead, and the look waits.
    """
    seconds = tick / 1000 - now
    return max(0, math.floor(seconds) if interval <= SHORT_INTERVAL else round(seconds))


def early_seconds(tick: int, now: float, interval: int) -> float:
    """Return for how long a look has to wait that the queue delivered before its tick."""
    return min(max(0.0, tick / 1000 - now), 1.0) if interval <= SHORT_INTERVAL else 0.0


def silent_after(interval: timedelta) -> timedelta:
    """Return after how long without a look the sentinel no longer tells of what is now."""
    return max(3 * interval, SHORTEST_SILENCE)


def probe_seconds(interval: int) -> float:
    """Return how long a probe may take: it has to be over before the next one is due."""
    return min(LONGEST_PROBE, 0.8 * interval)
