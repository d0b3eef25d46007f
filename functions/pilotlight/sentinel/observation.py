"""When the sentinel probes, its conclusions, and the state that a probe run leaves to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from pilot_light_client.timestamps import parse

if TYPE_CHECKING:
    from pilotlight.sentinel.probe_result import Probe

Beacon = Literal["healthy", "unhealthy", "unknown"]
# An outage ends after this many good probes in a row.
GOOD_PROBES_TO_FORGET = 4
LONGEST_PROBE = 2.0
# The silence alarm waits as long. After a longer pause it is unknown whether the Primary was well.
LONGEST_PAUSE_SECONDS = 180
# In a longer pause the pulse may have moved and returned to the same number unseen.
LONGEST_PULSE_PAUSE_SECONDS = 90
SHORTEST_SILENCE = timedelta(seconds=60)
PLANNED_SECONDS = 180
SHORT_INTERVAL = 2
# For so long after the start of a failed probe each further one has to fail: a blip is shorter.
SETTLE_SECONDS, PROBE_EVERY_SECONDS = 4.0, 1.0
NEVER = -1


@dataclass(frozen=True)
class Observation:
    """The result of one probe run: the own probe, the beacon and the pulse of the Primary."""

    probe: Probe
    beacon: Beacon
    # The number of the pulse by a strong read, or None if it was not read.
    beat: int | None = None

    @property
    def unhealthy(self) -> bool:
        """Whether own probe or beacon is bad. A beacon that did not answer is not."""
        return not self.probe.ok or self.beacon == "unhealthy"

    @property
    def well(self) -> bool:
        """Whether own probe and beacon are both good."""
        return self.probe.ok and self.beacon == "healthy"


@dataclass(frozen=True)
class Streak:
    """Since when own probes have failed, and since when neither probe nor beacon has.

    One good probe within an outage does not end it.
    """

    first_failed_at: str | None = None
    good_probes: int = 0
    healthy_since: str | None = None
    observed_at: str | None = None

    def after(self, observed: Observation) -> Streak:
        """Return the streak after one more observation."""
        at, since = observed.probe.at, self._healthy_since(observed)
        if not observed.probe.ok:
            return Streak(self.first_failed_at or at, 0, since, at)
        good = self.good_probes + 1
        first = None if good >= GOOD_PROBES_TO_FORGET else self.first_failed_at
        return Streak(first, good, since, at)

    def _healthy_since(self, observed: Observation) -> str | None:
        """Probe and beacon together begin the streak; either one, or a pause, ends it."""
        if observed.unhealthy:
            return None
        pause = _seconds_between(self.observed_at, observed.probe.at)
        if self.healthy_since and pause <= LONGEST_PAUSE_SECONDS:
            return self.healthy_since
        return observed.probe.at if observed.well else None


@dataclass(frozen=True)
class PulseStreak:
    """The last number of the pulse, and since when it has not changed, by this Region's clock."""

    beat: int | None = None
    still_since: str | None = None
    observed_at: str | None = None

    def after(self, observed: Observation) -> PulseStreak:
        """Return the streak after one more observation. An unread pulse does not count."""
        at = observed.probe.at
        if observed.beat is None:
            return PulseStreak()
        paused = _seconds_between(self.observed_at, at) > LONGEST_PULSE_PAUSE_SECONDS
        if observed.beat != self.beat or self.still_since is None or paused:
            return PulseStreak(observed.beat, at, at)
        return PulseStreak(self.beat, self.still_since, at)


@dataclass(frozen=True)
class SentinelState:
    """The state that earlier probe runs stored (see item.py).

    A Primary that was never well is not failed over, so `well_at` has to be set.
    """

    last_tick: int = NEVER
    planned_until: int = NEVER
    streak: Streak = Streak()
    pulse: PulseStreak = PulseStreak()
    well_at: str | None = None
    held_by: str | None = None
    paused_until: int | str | None = None


def _seconds_between(last: str | None, now: str) -> float:
    """Return the seconds between two probe runs, infinite if the clock went back."""
    seconds = (parse(now) - parse(last)).total_seconds() if last else math.inf
    return seconds if seconds >= 0 else math.inf


def tick_of(now: float, interval: int) -> int:
    """Return the tick of the period in which a moment of the wall clock lies, in milliseconds.

    A tick stands in the middle of a period of the clock, to which CloudWatch aligns its periods. A
    probe run that comes half an interval late still counts for its own period, and its data point
    arrives before the period closes, even after a probe of full length. A tick at the start of a
    period would be judged half a period later.
    """
    return math.floor(now / interval) * interval * 1000 + interval * 500


def is_taken(tick: int, last: int, interval: int) -> bool:
    """Return whether a probe run has recorded a tick, or the one after it.

    A last tick that is further ahead was recorded by a clock that is off, and silences nobody.
    """
    return tick <= last <= tick + interval * 1000


def plan(now: float, planned_until: int, interval: int) -> list[int]:
    """Return the next ticks that have no message yet, in milliseconds.

    The plan covers three minutes, although the next start is due in one: a start may fail, and
    Scheduler is precise to the minute, so two starts may be 179 s apart.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    step, latest = interval * 1000, (now + PLANNED_SECONDS) * 1000
    # A plan that far ahead was made by a wrong clock, and would silence the sentinel.
    after = planned_until if planned_until <= latest + step else NEVER
    first = tick_of(now, interval)
    first += step if first < now * 1000 else 0
    return [tick for tick in range(first, int(latest) + 1, step) if tick > after]


def delay_seconds(tick: int, now: float, interval: int) -> int:
    """Return the delay of the message for a tick, in whole seconds as SQS requires.

    With intervals of 1 and 2 s, half a second too late is the next period. There the message comes
    early, and the probe run waits.
    """
    seconds = tick / 1000 - now
    return max(0, math.floor(seconds) if interval <= SHORT_INTERVAL else round(seconds))


def early_seconds(tick: int, now: float, interval: int) -> float:
    """Return how long a probe run waits if SQS delivered its message before the tick."""
    return min(max(0.0, tick / 1000 - now), 1.0) if interval <= SHORT_INTERVAL else 0.0


def silent_after(interval: timedelta) -> timedelta:
    """Return after how long without a probe run the result of the last one is out of date."""
    return max(3 * interval, SHORTEST_SILENCE)


def probe_seconds(interval: int) -> float:
    """Return the time limit of a probe: it ends before the next one is due."""
    return min(LONGEST_PROBE, 0.8 * interval)
