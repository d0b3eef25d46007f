"""The scenario of a take-over: the active Secondary is lost, a person acts in the Primary."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from lab.config import LabError
from lab.drill.failback.checks import LAST_MOMENT, MEANWHILE
from lab.drill.failback.scenario import planned_move, resolve_the_ledger
from lab.drill.history import text_of, written
from lab.drill.observations import required_sentence
from lab.drill.own_lab import settle
from lab.drill.take_over.checks import TakeOver
from lab.drill.users.by_name import write_by_name
from lab.drill.users.control_history import ControlHistory
from lab.drill.users.returned import write_from_its_return
from lab.drill.users.traffic import Https, Traffic
from lab.drill.watching import Watch, caught_up, within

if TYPE_CHECKING:
    from lab.config import LabConfig
    from lab.control import Control
    from lab.drill.observations import Execution
    from lab.progress import Progress

SETTLE_SECONDS, BASELINE_SECONDS = 60.0, 3.0
# Three slow probes, three minutes of their metric, and CloudWatch's judgement of it.
ALARM_AWS_SECONDS, MESSAGE_SECONDS = 400.0, 1.0


class TakeOverScenario:
    """One take-over in a lab that is up."""

    def __init__(self, config: LabConfig, lab: Control, progress: Progress) -> None:
        self._config, self._lab, self._progress = config, lab, progress
        self._there = Watch(config, lab)
        self._here = Watch(config, lab, config.primary_region)
        self._monitor = Watch(config, lab, "us-east-1")
        self._https = Https(config)
        self._traffic = Traffic(config, self._https)
        self._control = ControlHistory(config)
        self.observed = TakeOver(config.primary_region, config.secondary_region, config.public_name)

    def run(self) -> TakeOver:
        """Go through it and return what was observed, whatever became of it."""
        is_active = self._is_active(self._config.secondary_region)
        if not is_active:
            settle(self._config, self._lab, self._progress)
        try:
            self._here.subscribe()
            self._monitor.subscribe()
            self._control.start()
            self._traffic.start()
            self._make_the_secondary_active(move=not is_active)
            self._begin_outage()
            self._take_over()
            self._bring_it_back()
            self._reconcile()
            self._rehearse_and_move()
        finally:
            self._traffic.stop()
            self._control.stop()
        self._compare_every_write()
        return self.observed

    def _is_active(self, region: str) -> bool:
        now = self._there.control()
        return now is not None and now.active_region == region

    def _make_the_secondary_active(self, *, move: bool) -> None:
        secondary = self._config.secondary_region
        with self._progress.step(f"{secondary} is active"):
            if move:
                # Users' first requests start what answers them; two cores do that one by one.
                time.sleep(BASELINE_SECONDS)
                self._move("a drill")
            if not within(SETTLE_SECONDS, lambda: self._served_by(secondary)):
                raise LabError(f"{secondary} takes no writes. See .lab/last/engine.log.")
            # An alarm that is still on from an earlier outage would not change, and notify nobody.
            if not within(self._alarm_seconds, self._quiet):
                raise LabError(
                    "The alarm on the public name is still on. See .lab/last/engine.log."
                )
            self._traffic.replace("Written long before the loss")
            time.sleep(BASELINE_SECONDS)
            self.observed.control_before = self._there.control()

    def _begin_outage(self) -> None:
        primary, secondary = self._config.primary_region, self._config.secondary_region
        self.observed.overwritten = self._traffic.replace(LAST_MOMENT)
        self.observed.outage = time.time()
        self._lab.act("outage", mode="region", region=secondary)
        self._progress.event(f"{secondary} is lost, while it is active")
        with self._progress.step(f"DNS leads to {primary}, and nobody can write"):
            within(SETTLE_SECONDS, lambda: self._lab.leads_to() == primary)
            time.sleep(BASELINE_SECONDS)
        with self._progress.step("An alarm in us-east-1 notifies people"):
            within(self._alarm_seconds, self._alarmed)
            # A message needs a moment more than the alarm.
            time.sleep(MESSAGE_SECONDS)
            received = self._monitor.notifications()
            self.observed.loss_notifications = [n for n in received if n.at >= self.observed.outage]

    @property
    def _alarm_seconds(self) -> float:
        """Within which the alarm on the public name follows."""
        return SETTLE_SECONDS + ALARM_AWS_SECONDS / self._config.speed

    def _quiet(self) -> bool:
        name = f"{self._config.app_name}-public-unreachable"
        alarms = self._lab.client("cloudwatch", "us-east-1").describe_alarms(AlarmNames=[name])
        return [alarm["StateValue"] for alarm in alarms["MetricAlarms"]] == ["OK"]

    def _alarmed(self) -> bool:
        alarm = f"alarm {self._config.app_name}-public-unreachable"
        changes = self._here.changes(self.observed.outage)
        fired = (c.at for c in changes if (c.what, c.state) == (alarm, "ALARM"))
        self.observed.alarmed_at = next(fired, None)
        return self.observed.alarmed_at is not None

    def _take_over(self) -> None:
        drill, primary = self.observed, self._config.primary_region
        request = {"action": "take-over", "confirm": "yes", "reason": "the Secondary is gone"}
        with self._progress.step("A wrong sentence is refused"):
            drill.wrong = self._here.run("emergency", request)
            drill.control_after_wrong = self._here.control()
        with self._progress.step("The right one makes the Primary active"):
            drill.requested_at = time.time()
            sentence = required_sentence(drill.wrong, "take-over")
            drill.right = self._here.run("emergency", {**request, "confirm": sentence})
            drill.control_after_right = self._here.control()
        with self._progress.step(f"{primary} takes the writes"):
            within(SETTLE_SECONDS, lambda: self._traffic.replace(MEANWHILE))
            time.sleep(BASELINE_SECONDS)
            drill.led_to = self._lab.leads_to()

    def _bring_it_back(self) -> None:
        secondary, contested = self._config.secondary_region, f"contested-{uuid.uuid4().hex[:8]}"
        zone, primary = self._config.zone_name, self._config.primary_region
        # The Secondary is about to write this item as well.
        write = write_by_name(self._https, primary, zone, contested, replaces=True)
        self.observed.contested = write.as_write if write.acknowledged else None
        self._progress.event(f"{secondary} comes back, which was active when it was lost")
        with self._progress.step(f"{secondary} takes no write"):
            self.observed.healed = time.time()
            self.observed.returned = write_from_its_return(
                self._https, self._config, self._lab, region=secondary, contested=contested
            )

    def _reconcile(self) -> None:
        """Compare what both acknowledged, and accept it, as a person would."""
        with self._progress.step("The ledger of what both acknowledged"):
            within(SETTLE_SECONDS, lambda: caught_up(self._lab))
            self.observed.complete, _ = resolve_the_ledger(self._there, replays=False)

    def _rehearse_and_move(self) -> None:
        primary = self._config.primary_region
        settle(self._config, self._lab, self._progress)
        with self._progress.step("A rehearsal, the record, and a planned move"):
            rehearsal = {"mode": "rehearsal", "reason": "after the take-over"}
            self.observed.rehearsal = self._there.run("failover", rehearsal)
            within(SETTLE_SECONDS, lambda: self._served_by(primary))
            failback = {"mode": "failback", "reason": "put the take-over on record"}
            self.observed.recorded = self._there.run("switchover", failback)
            self.observed.moved_again = self._move("all works again")
            within(SETTLE_SECONDS, lambda: self._served_by(self._config.secondary_region))
            time.sleep(BASELINE_SECONDS)

    def _compare_every_write(self) -> None:
        drill = self.observed
        drill.requests, drill.writes = self._traffic.requests, self._traffic.writes
        drill.control_reads, drill.notifications = self._control.reads, self._here.notifications()
        with self._progress.step("What became of every write"):
            within(SETTLE_SECONDS, lambda: caught_up(self._lab))
            drill.control_finally = self._there.control()
            ledger = self._there.whole_ledger()
            given_up = drill.control_before.epoch if drill.control_before else 0
            # An earlier disaster may have left entries of its own.
            drill.ledger = [e for e in ledger["entries"] if e["epoch"] >= given_up]
            drill.open_after = ledger["open"]
            rows = self._there.rows(self._config.secondary_region)
            drill.written = written(rows)
            if drill.overwritten:
                drill.replaced_text = text_of(rows, drill.overwritten.item_id)

    def _move(self, reason: str) -> Execution:
        """Move to the Secondary."""
        request = {"mode": "switchover", "reason": reason}
        return planned_move(self._there, request, self._progress)[0]

    def _served_by(self, region: str) -> bool:
        """Return whether a Region takes users' writes, by the newest that was acknowledged."""
        newest = self._traffic.writes[-1:]
        return self._lab.leads_to() == region and any(
            w.region == region and w.acknowledged > time.time() - 1 for w in newest
        )
