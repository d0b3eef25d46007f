"""The scenario of a drill: steady traffic, outage, what comes of it, return. It judges nothing."""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from lab.config import LabError
from lab.drill.failback.checks import LAST_MOMENT, MEANWHILE
from lab.drill.failback.scenario import fail_back
from lab.drill.history import arrived, item_ids, journal
from lab.drill.last_resort.scenario import LastResortScenario
from lab.drill.observations import Observations
from lab.drill.outage.expectations import expectation
from lab.drill.outage.recovery import DELIVERY_STEP
from lab.drill.report import stages
from lab.drill.users.by_name import ByName
from lab.drill.users.control_history import ControlHistory
from lab.drill.users.returned import write_from_its_return
from lab.drill.users.traffic import Https, Traffic
from lab.drill.watching import Watch, within
from lab.engine.outages.named_outages import NAMED

if TYPE_CHECKING:
    from lab.config import LabConfig
    from lab.control import Control
    from lab.drill.observations import Request
    from lab.progress import Progress

# A machine that is busy with other things throttles the first users, as an account's quota would.
BASELINE_SECONDS, BASELINES = 2.0, 10
# The sentinel's schedule, the first minute of a metric, and CloudWatch's judgement of it.
STEADY_SECONDS, STEADY_AWS_SECONDS = 60.0, 240.0
# A recovery that takes longer than this has failed: AWS's intervals, and the machine's own time.
RECOVERY_AWS_SECONDS, RECOVERY_SECONDS = 420.0, 60.0
STAYS_AWS_SECONDS = 20.0
# Where nothing may be promoted: long enough for every alarm to speak, and a run to hold.
WATCH_AWS_SECONDS, WATCH_SECONDS, HOLD_OBSERVED_SECONDS = 300.0, 20.0, 5.0
# The metric's minute, the alarm's delay and a period; and the wait of a hold that ends.
QUIET_AWS_SECONDS, HOLD_ENDS_SECONDS = 160.0, 45.0
# A write that waits this long beyond the lag is held up.
WAITS_SECONDS = 1.0
LAST_RUN_SECONDS = 10.0


class Scenario:
    """One drill in a lab that is up."""

    def __init__(
        self,
        config: LabConfig,
        lab: Control,
        progress: Progress,
        *,
        outage: str = "region",
        style: str | None = None,
        parameters: tuple[str, ...] = (),
        cold_starts: bool = True,
    ) -> None:
        self._outage, self._style = outage, style
        self._expected = expectation(outage, config.primary_region)
        self.config = config
        self.lab = lab
        self.progress = progress
        self._https = Https(config)
        self.watch = Watch(config, lab)
        self.traffic = Traffic(config, self._https)
        self.observed = Observations(
            primary=config.primary_region,
            secondary=config.secondary_region,
            public_name=config.public_name,
            app_name=config.app_name,
            speed=config.speed,
            replication_lag=config.replication_lag,
            started=time.time(),
            mode=outage,
            parameters=parameters,
            cold_starts=cold_starts,
        )
        self._steady_since = 0.0
        self._control = ControlHistory(config)
        self._by_name = ByName(config, config.primary_region)

    def run(self) -> Observations:
        """Run the drill and return what was observed, whatever became of it."""
        try:
            self._steady()
            self._begin_outage()
            if self._expected.recovers:
                recovered = self._recover()
                self._check_promotion(recovered=recovered)
                if recovered:
                    self._return()
                self._gather()
                if recovered:
                    fail_back(self)
            elif self._expected.last_resort:
                self._last_resort()
            else:
                self._watch_the_outage()
                self._watch_its_end()
        finally:
            self._stop_requests_by_name()
            self.traffic.stop()
            self._control.stop()
        self.observed.control_reads = list(self._control.reads)
        if not self._expected.recovers:
            self._compare()
            self._gather()
        self.observed.writes, self.observed.requests = self.traffic.writes, self._requests()
        self.observed.ended = time.time()
        return self.observed

    def _steady(self) -> None:
        with self.progress.step("Steady traffic through the public name"):
            limit = STEADY_SECONDS + STEADY_AWS_SECONDS / self.config.speed
            if not within(limit, self._settled):
                raise LabError(
                    "The health checks and the alarms did not settle. See .lab/last/engine.log."
                )
            # Not before: an alarm that gets its first data sends a notification too.
            self.watch.subscribe()
            self.traffic.start()
            self._control.start()
            self.traffic.replace("Written long before the outage")
            self._without_a_failure()
        self.observed.control_before = self.watch.control()

    def _without_a_failure(self) -> None:
        """Wait until no request has failed for a while. The first ones meet cold functions.

        Raises
        ------
        LabError
            Some fail still. What failed is named.
        """
        for _ in range(BASELINES):
            self._steady_since = time.time()
            time.sleep(BASELINE_SECONDS)
            bad = [r.answer for r in self._requests() if not r.good]
            if not bad:
                return
        raise LabError(f"{len(bad)} requests failed before the outage: {bad[0]}.")

    def _requests(self) -> list[Request]:
        return [r for r in self.traffic.requests if r.started >= self._steady_since]

    def _settled(self) -> bool:
        """Return whether the lab is as it is in quiet times."""
        name = self.config.app_name
        checks = {c["name"]: c["healthy"] for c in self.lab.act("health")}
        quiet = ("endpoint", "alarm", "off", "not-on", "switch")
        states = [
            alarm["StateValue"]
            for region, alarms in (
                ("us-east-1", [f"{name}-primary-unhealthy"]),
                (self.config.secondary_region, [f"{name}-sentinel-silent"]),
            )
            for alarm in self.lab.client("cloudwatch", region).describe_alarms(AlarmNames=alarms)[
                "MetricAlarms"
            ]
        ]
        return (
            all(checks.get(f"{name}-{check}", check == "off") for check in quiet)
            and self.lab.leads_to() == self.config.primary_region
            and states == ["OK"] * 2
            # The sentinel fails nothing over that it has never found healthy.
            and self.watch.has_seen_primary_healthy()
            # The deployment itself may have looked like an outage, and a run may still hold for it.
            and all(e.ended for e in self.watch.executions(0.0))
        )

    def _begin_outage(self) -> None:
        if self._expected.recovers:
            self.observed.overwritten = self.traffic.replace(LAST_MOMENT)
        # Not before, because environments of the first users would be late before the outage.
        self.lab.act("cold_starts", on=self.observed.cold_starts)
        self.lab.mark_as_drill()
        # The moment before the admin API acts: what is acknowledged later counts as later.
        self.observed.outage = time.time()
        self.lab.act("outage", mode=self._outage, style=self._style)
        if self._expected.more:
            self._by_name.start()
        what = NAMED[self._outage].what
        self.progress.event(f"The outage {self._outage} began. What is lost: {what}")

    def _recover(self) -> bool:
        limit = RECOVERY_AWS_SECONDS / self.config.speed + RECOVERY_SECONDS
        printed = 0
        with self.progress.step("Recovery") as step:
            while (waited := time.time() - self.observed.outage) < limit:
                self.observe()
                printed = self._print_changes(printed)
                failed = sum(not r.good for r in self.traffic.requests)
                step.say(f"Recovery … {waited:.0f} s, {failed} failed requests")
                run, window = self.observed.recovery, stages.gap(self.observed)
                served = window is not None and None not in (window.arrived, window.write)
                if run and run.ended and (run.outcome != "promoted" or served):
                    return run.outcome == "promoted"
                time.sleep(0.25)
        return False

    def _print_changes(self, printed: int) -> int:
        """Print the changes after the first `printed` ones, and return how many there are."""
        changes = [
            c for c in self.observed.changes if not c.what.startswith(("Region ", "outage "))
        ]
        for change in changes[printed:]:
            after = change.at - self.observed.outage
            self.progress.event(f"+{after:.1f} s  {change.what}: {change.state}")
        return len(changes)

    def _every_run_has_ended(self) -> bool:
        self.observe()
        return all(e.ended for e in self.observed.executions)

    def observe(self) -> None:
        """Read what changed, the executions, and the users' requests."""
        self.observed.changes = self.watch.changes(self.observed.outage)
        self.observed.executions = self.watch.executions(self.observed.outage)
        self.observed.requests = list(self.traffic.requests)

    def _check_promotion(self, *, recovered: bool) -> None:
        self.observed.dns_after_promotion = self.lab.leads_to()
        region = self.config.secondary_region
        first = self.watch.first_failed_probe()
        self.observed.first_failed_probe = first
        if first is not None:
            since = self.observed.outage
            self.observed.last_good_probe = self.watch.last_good_probe(since, first)
        if recovered:
            with self.progress.step(f"Users are served from {region}"):
                self.traffic.replace(MEANWHILE)
                time.sleep(BASELINE_SECONDS)
        if self.observed.promoted_at is not None:
            rows = self.watch.rows(region)
            self.observed.held_after_promotion = item_ids(rows)
            before = self.observed.control_before
            if before:
                # What the Secondary holds whole of the Primary's writes, items and journal.
                self.observed.journal_at_promotion = arrived(
                    rows, before.active_region, before.epoch
                )

    def _return(self) -> None:
        primary = self.config.primary_region
        self.progress.event(f"The outage ends: {primary} comes back")
        with self.progress.step(f"{primary} takes no write, and DNS stays"):
            self._stop_requests_by_name()
            self.observed.healed = time.time()
            self.observed.writes_to_the_returned = write_from_its_return(
                self._https, self.config, self.lab
            )
            self._record_dns()
            # If it does not catch up, the checks of the journal fail.
            within(30.0, self._caught_up)
            endpoint = f"health check {self.config.app_name}-endpoint"
            stays_until = None
            end = time.time() + 300 / self.config.speed + 30
            while time.time() < min(end, stays_until or end):
                self._record_dns()
                self.observed.changes = self.watch.changes(self.observed.outage)
                if stays_until is None and self._is_healthy_again(endpoint):
                    self.observed.primary_healthy_again = True
                    stays_until = time.time() + STAYS_AWS_SECONDS / self.config.speed
                time.sleep(0.2)

    def _is_healthy_again(self, endpoint: str) -> bool:
        """Return whether the Primary's endpoint is healthy.

        It may have been all along, or have been again before the outage ended: without users it has
        no writes that fail.
        """
        states = [c.state for c in self.observed.changes if c.what == endpoint]
        return not states or states[-1] == "healthy"

    def _stop_requests_by_name(self) -> None:
        """End the requests at the Primary's own name."""
        self._by_name.stop()
        self.observed.writes_by_name = list(self._by_name.writes)
        self.observed.reads_by_name = list(self._by_name.reads)

    def _last_resort(self) -> None:
        last_resort = LastResortScenario(self)
        try:
            last_resort.run()
        finally:
            self.traffic.stop()
        self._record_effects()
        last_resort.compare_every_write()

    def _watch_the_outage(self) -> None:
        """Watch an outage in which nothing may be promoted, until a run holds or time is up."""
        printed, lasts = 0, NAMED[self._outage].stalls
        watched = lasts or WATCH_AWS_SECONDS / self.config.speed + WATCH_SECONDS
        end = self.observed.outage + watched
        with self.progress.step(f"{self.config.primary_region} stays active") as step:
            while (now := time.time()) < end:
                self._sample()
                printed = self._print_changes(printed)
                held = [s.exited for e in self.observed.executions if (s := e.last("NotifyHold"))]
                end = min([end, *(at + HOLD_OBSERVED_SECONDS for at in held)])
                failed = sum(not r.good for r in self.observed.requests)
                waited = now - self.observed.outage
                step.say(f"It stays active … {waited:.0f} s, {failed} failed requests")
        self._record_effects()

    def _record_effects(self) -> None:
        """Record what the outage refused, stopped or kept waiting."""
        state = self.lab.act("state")
        counted = {**state["refused"], **state["swallowed"]}
        self.observed.effects = [f"{what}: {n}" for what, n in counted.items()]
        for link, waits in self.lab.act("replication")["links"].items():
            if waits["oldest_seconds"] > self.observed.replication_lag + WAITS_SECONDS:
                self.observed.effects.append(f"writes waiting from {link}: {waits['waiting']}")
        for region, loss in state["lost"].items():
            self.observed.effects.append(
                f"lost in {region}: {', '.join(loss['services']) or 'all'}"
            )
        silent = [
            r for r in self._control.reads if r.item is None and r.answered >= self.observed.outage
        ]
        if silent:
            self.observed.effects.append(f"strong reads without an answer: {len(silent)}")

    def _watch_its_end(self) -> None:
        """End the outage and watch until every run has ended and all alarms could have fired."""
        self.lab.act("heal")
        self.observed.healed = time.time()
        self._stop_requests_by_name()
        self.progress.event("The outage is over")
        quiet = self.observed.healed + QUIET_AWS_SECONDS / self.config.speed
        end = quiet + HOLD_ENDS_SECONDS
        with self.progress.step("It stays so after the outage"):
            while (now := time.time()) < quiet or (
                now < end and any(e.ended is None for e in self.observed.executions)
            ):
                self._sample()

    def _sample(self) -> None:
        self.observed.dns_throughout.append((time.time(), self.lab.leads_to()))
        with contextlib.suppress(BotoCoreError, ClientError):
            self.observe()
        time.sleep(0.25)

    def _compare(self) -> None:
        """Record what both Regions hold, once what was written has had the time to arrive."""
        time.sleep(self.observed.replication_lag + WAITS_SECONDS)
        for region in (self.config.primary_region, self.config.secondary_region):
            self.observed.held_finally[region] = item_ids(self.watch.rows(region))

    def _record_dns(self) -> None:
        self.observed.dns_after_heal.append((time.time(), self.lab.leads_to()))

    def _caught_up(self) -> bool:
        """Return whether the returned Region has what was written without it, but for the lag."""
        link = f"{self.config.secondary_region}->{self.config.primary_region}"
        waits = self.lab.act("replication")["links"].get(link, {"oldest_seconds": 0.0})
        return bool(waits["oldest_seconds"] <= self.config.replication_lag + DELIVERY_STEP)

    def _gather(self) -> None:
        drill, watch = self.observed, self.watch
        # The other alarm may have started a run just now, which has to end before it is judged.
        within(LAST_RUN_SECONDS, self._every_run_has_ended)
        drill.writes = list(self.traffic.writes)
        drill.control_after = watch.control()
        drill.notifications = [n for n in watch.notifications() if n.at >= drill.outage]
        drill.lock, drill.recoveries = watch.lock(), watch.recoveries()
        drill.probe_results = watch.probe_results(drill.outage)
        if drill.control_after:
            record = watch.recovery(drill.control_after.epoch)
            drill.evidence = json.loads(record.get("evidence", "{}"))
        before = drill.control_before
        if drill.healed is not None and before:
            # The journal that the Primary wrote while active, as the Secondary holds it.
            rows = watch.rows(self.config.secondary_region)
            drill.journal_at_the_end = journal(rows, before.active_region, before.epoch)
        drill.calls = self.lab.act("calls", since=drill.outage)
