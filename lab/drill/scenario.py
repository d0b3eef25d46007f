"""The course of a drill: steady traffic, outage, recovery, return. It judges nothing."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from lab.config import LabError
from lab.drill import stages
from lab.drill.checks import DELIVERY_STEP
from lab.drill.observations import Observations
from lab.drill.traffic import Https, Traffic, held, write_to
from lab.drill.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.config import LabConfig
    from lab.control import Control
    from lab.progress import Progress

BASELINE_SECONDS = 3.0
# A recovery that takes longer than this has failed: AWS's intervals, and the machine's own time.
RECOVERY_AWS_SECONDS, RECOVERY_SECONDS = 420.0, 60.0
STAYS_AWS_SECONDS = 40.0
WRITES_TO_THE_RETURNED = 10
# The app's fence reads the control item at most once a second.
FENCE_CACHE_SECONDS = 1.0


class NotSteady(LabError):
    """The application did not come to a steady state, so that a drill would prove nothing."""


class Scenario:
    """One drill in a lab that is up."""

    def __init__(self, config: LabConfig, lab: Control, progress: Progress) -> None:
        self._config = config
        self._lab = lab
        self._progress = progress
        self._https = Https(config)
        self._watch = Watch(config, lab)
        self._traffic = Traffic(config, self._https)
        self.seen = Observations(
            primary=config.primary_region,
            secondary=config.secondary_region,
            public_name=config.public_name,
            app_name=config.app_name,
            speed=config.speed,
            replication_lag=config.replication_lag,
            started=time.time(),
        )

    def run(self) -> Observations:
        """Run the drill and return what was seen, whatever became of it."""
        try:
            self._steady()
            self._lose()
            recovered = self._recover()
            self._after(recovered=recovered)
            if recovered:
                self._return()
        finally:
            self._traffic.stop()
        return self._gathered()

    def _steady(self) -> None:
        self._watch.subscribe()
        with self._progress.step("Steady traffic through the public name"):
            if not self._within(60.0, self._settled):
                raise NotSteady(
                    "The health checks and the alarm did not settle. See .lab/last/engine.log."
                )
            self._traffic.start()
            time.sleep(BASELINE_SECONDS)
        bad = [r.said for r in self._traffic.requests if not r.good]
        if bad:
            raise NotSteady(f"{len(bad)} requests failed before the outage: {bad[0]}.")
        self.seen.control_before = self._watch.control()

    def _settled(self) -> bool:
        """Say whether all is as it is in quiet times."""
        name = self._config.app_name
        checks = {c["name"]: c["healthy"] for c in self._lab.act("health")}
        quiet = ("endpoint", "alarm", "off", "not-on", "switch")
        alarms = self._lab.client("cloudwatch", self._monitor).describe_alarms(
            AlarmNames=[f"{name}-primary-unhealthy"]
        )["MetricAlarms"]
        return (
            all(checks.get(f"{name}-{check}") for check in quiet)
            and self._lab.leads_to() == self._config.primary_region
            and [a["StateValue"] for a in alarms] == ["OK"]
        )

    @property
    def _monitor(self) -> str:
        return "us-east-1"

    def _lose(self) -> None:
        # The moment before the switchboard acts: what is acknowledged later counts as later.
        self.seen.outage = time.time()
        self._lab.act("lose", region=self._config.primary_region)
        self._progress.event(
            f"{self._config.primary_region} is lost: its entry and its APIs do not answer"
        )

    def _recover(self) -> bool:
        limit = RECOVERY_AWS_SECONDS / self._config.speed + RECOVERY_SECONDS
        told = 0
        with self._progress.step("Recovery") as step:
            while (waited := time.time() - self.seen.outage) < limit:
                self._look()
                told = self._tell(told)
                failed = sum(not r.good for r in self._traffic.requests)
                step.say(f"Recovery … {waited:.0f} s, {failed} failed requests")
                run, window = self.seen.recovery, stages.gap(self.seen)
                if run and run.ended and (run.outcome != "promoted" or (window and window.good)):
                    return run.outcome == "promoted"
                time.sleep(0.25)
        return False

    def _tell(self, told: int) -> int:
        """Print what has changed since the last look."""
        changes = [c for c in self.seen.changes if not c.what.startswith("Region ")]
        for change in changes[told:]:
            after = change.at - self.seen.outage
            self._progress.event(f"+{after:.1f} s  {change.what}: {change.state}")
        return len(changes)

    def _look(self) -> None:
        self.seen.changes = self._watch.changes(self.seen.outage)
        self.seen.executions = self._watch.executions(self.seen.outage)
        self.seen.requests = list(self._traffic.requests)

    def _after(self, *, recovered: bool) -> None:
        self.seen.dns_after_promotion = self._lab.leads_to()
        region = self._config.secondary_region
        if recovered:
            with self._progress.step(f"Users are served from {region}"):
                time.sleep(BASELINE_SECONDS)
        if self.seen.promoted_at is not None:
            self.seen.held_after_promotion = held(self._https, self._config, region)

    def _return(self) -> None:
        primary = self._config.primary_region
        self._lab.act("heal", region=primary)
        self.seen.healed = time.time()
        self._progress.event(f"{primary} is back")
        with self._progress.step(f"{primary} takes no write, and DNS stays"):
            self._look_at_dns()
            # Where it does not catch up, the writes that follow tell.
            self._within(30.0, self._caught_up)
            time.sleep(FENCE_CACHE_SECONDS)
            self.seen.writes_to_the_returned = write_to(
                self._https, self._config, primary, WRITES_TO_THE_RETURNED
            )
            endpoint = f"health check {self._config.app_name}-endpoint"
            stays_until = None
            end = time.time() + 300 / self._config.speed + 30
            while time.time() < min(end, stays_until or end):
                self._look_at_dns()
                self.seen.changes = self._watch.changes(self.seen.outage)
                if stays_until is None and self.seen.first(endpoint, "healthy", self.seen.healed):
                    self.seen.primary_healthy_again = True
                    stays_until = time.time() + STAYS_AWS_SECONDS / self._config.speed
                time.sleep(0.2)

    def _look_at_dns(self) -> None:
        self.seen.dns_after_heal.append((time.time(), self._lab.leads_to()))

    def _caught_up(self) -> bool:
        """Say whether the returned Region has what was written without it, but for the lag."""
        link = f"{self._config.secondary_region}->{self._config.primary_region}"
        waits = self._lab.act("replication")["links"].get(link, {"oldest_seconds": 0.0})
        return bool(waits["oldest_seconds"] <= self._config.replication_lag + DELIVERY_STEP)

    def _gathered(self) -> Observations:
        seen, watch = self.seen, self._watch
        self._look()
        seen.writes = list(self._traffic.writes)
        seen.control_after = watch.control()
        seen.notifications = watch.notifications()
        seen.lock, seen.recoveries = watch.lock(), watch.recoveries()
        if seen.control_after:
            record = watch.recovery(seen.control_after.epoch)
            seen.evidence = json.loads(record.get("evidence", "{}"))
        seen.calls = self._lab.act("calls", since=seen.outage)
        seen.ended = time.time()
        return seen

    def _within(self, seconds: float, done: Callable[[], bool]) -> bool:
        end = time.time() + seconds
        while not done():
            if time.time() > end:
                return False
            time.sleep(0.2)
        return True
