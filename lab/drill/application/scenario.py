"""The drill of an application: steady users, the loss of the Primary, its return, the way back."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.config import LabError
from lab.drill.application.conformance import ARRIVES_SECONDS, Conformance, settled
from lab.drill.application.users import AppTraffic, Requests
from lab.drill.watching import Watch, within

if TYPE_CHECKING:
    from lab.config import LabConfig
    from lab.control import Control
    from lab.drill.application.conformance import Finding
    from lab.drill.application.users import Call
    from lab.drill.observations import Execution
    from lab.progress import Progress
    from tools.reader.contract import Contract

BASELINE_SECONDS, BASELINES, AFTER_SECONDS = 3.0, 5, 4.0
STEADY_SECONDS, RECOVERY_SECONDS = 60.0, 100.0
# Writes sent to the Primary by its own name, from its return on.
RETURNED_WRITES = 8


@dataclass
class Observed:
    """What was seen. Moments are seconds of the wall clock."""

    level: int
    primary: str
    secondary: str
    conformance: list[Finding] = field(default_factory=list)
    rehearsal: Execution | None = None
    outage: float = 0.0
    failover: Execution | None = None
    leads_to: str | None = None
    returned: list[Call] = field(default_factory=list)
    read_back: dict[str, bool] = field(default_factory=dict)
    held_before_failback: dict[str, bool] = field(default_factory=dict)
    failback: Execution | None = None
    failback_message: str = ""
    ledger: str = ""
    calls: list[Call] = field(default_factory=list)


class AppDrill:
    """One drill in a lab that is up."""

    def __init__(
        self, config: LabConfig, lab: Control, contract: Contract, progress: Progress
    ) -> None:
        self._config, self._lab = config, lab
        self._contract, self._progress = contract, progress
        self._requests = Requests(config, contract)
        self._traffic = AppTraffic(config, self._requests)
        self._watch, self._steady_since = Watch(config, lab), 0.0
        self.observed = Observed(contract.level, config.primary_region, config.secondary_region)

    def run(self) -> Observed:
        """Run the drill and return what was observed."""
        seen = self.observed
        self.settle()
        with self._progress.step(f"Conformance at level {seen.level}"):
            seen.conformance = self.conform()
        try:
            with self._progress.step("Steady users at the public name, and a rehearsal"):
                self._traffic.start()
                self._without_a_failure()
                seen.rehearsal = self._watch.run(
                    "failover", {"mode": "rehearsal", "reason": "before the drill"}
                )
            self._lose_the_primary()
            self._let_it_return()
            with self._progress.step("Failback to the Primary"):
                self._fail_back()
        finally:
            self._traffic.stop()
        seen.calls = self._calls()
        return seen

    def conform(self) -> list[Finding]:
        """Try what the contract declares."""
        return Conformance(self._config, self._lab, self._contract, self._requests).run()

    def settle(self) -> None:
        """Wait until all is well and the sentinel has said so."""
        with self._progress.step("Healthy checks"):
            if not settled(self._lab, STEADY_SECONDS):
                raise LabError("The health checks did not settle. See .lab/last/engine.log.")
            if not within(STEADY_SECONDS, self._watch.has_seen_primary_healthy):
                raise LabError("The sentinel has not found the Primary healthy.")

    def _calls(self) -> list[Call]:
        return [c for c in self._traffic.calls if c.started >= self._steady_since]

    def _without_a_failure(self) -> None:
        """Wait until no request has failed for a while. The first ones meet cold functions."""
        for _ in range(BASELINES):
            self._steady_since = time.time()
            time.sleep(BASELINE_SECONDS)
            bad = [c for c in self._calls() if not c.good]
            if not bad:
                return
        raise LabError(
            f"{len(bad)} requests failed before the outage; the first, a {bad[0].kind}, was "
            f"answered {bad[0].status or 'nothing'}."
        )

    def _lose_the_primary(self) -> None:
        seen, primary = self.observed, self._config.primary_region
        with self._progress.step(f"Outage: {primary} is lost; users are served again"):
            self._lab.mark_as_drill()
            seen.outage = time.time()
            self._lab.act("outage", mode="region", region=primary, style=None)
            limit = RECOVERY_SECONDS + 420 / self._config.speed
            within(limit, self._recovered)
            time.sleep(AFTER_SECONDS)
        runs = [e for e in self._watch.executions(seen.outage) if e.output.get("outcome")]
        promoted = [e for e in runs if e.output["outcome"] == "promoted"]
        seen.failover = next(iter(promoted or runs), None)
        seen.leads_to = self._lab.leads_to()
        seen.read_back = self._readable([c.item_id for c in self._traffic.acknowledged()])

    def _recovered(self) -> bool:
        """Return whether a user was served a write after the outage, and the run has ended."""
        served = any(c.started > self.observed.outage for c in self._traffic.acknowledged())
        runs = self._watch.executions(self.observed.outage)
        return served and bool(runs) and all(e.ended for e in runs)

    def _readable(self, ids: list[str]) -> dict[str, bool]:
        """Return which items are readable in the Secondary now."""
        region = self._config.secondary_region
        host = f"{region}.{self._config.zone_name}"
        return {i: self._requests.read(region, host, i).good for i in ids}

    def _late_ones_arrive(self) -> bool:
        """Read again what was not there after the promotion, and return whether it is now."""
        late = [i for i, there in self.observed.read_back.items() if not there]
        self.observed.held_before_failback = self._readable(late)
        return all(self.observed.held_before_failback.values())

    def _let_it_return(self) -> None:
        primary = self._config.primary_region
        with self._progress.step(f"{primary} is back; writes are sent to it by its own name"):
            self._lab.act("heal")
            host = f"{primary}.{self._config.zone_name}"
            for number in range(RETURNED_WRITES):
                call = self._requests.write(primary, host, f"returned-{number}-{time.time_ns()}")
                self.observed.returned.append(call)
                time.sleep(0.25)
            settled(self._lab, STEADY_SECONDS, f"{self._config.app_name}-endpoint")
        overview = self._watch.overview()
        self.observed.ledger = overview["facts"]["ledger"]["verdict"]

    def _fail_back(self) -> None:
        request = {"mode": "failback", "reason": "the Primary is back"}
        seen = self.observed
        if seen.level >= 2:
            within(ARRIVES_SECONDS, self._late_ones_arrive)
            self._watch.ledger(action="reconcile", from_start=True)
            self._watch.ledger(action="accept", write_ids="all", by="the drill")
        for _ in range(3):
            run = self._watch.run("switchover", request)
            seen.failback, seen.failback_message = run, str(run.output.get("summary", ""))
            if run.output.get("outcome") == "switched_over":
                break
            time.sleep(3)
        time.sleep(AFTER_SECONDS)
