"""The scenario of the benchmark: outages, one after the other, watched by all users."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import urllib3

from lab.config import LabError
from lab.drill.observations import Observations
from lab.drill.report import stages as drill_stages
from lab.drill.users.traffic import Https
from lab.drill.watching import Watch, within
from tools.bench import designs
from tools.bench.designs import OURS, RIVALS
from tools.bench.operator import Operator
from tools.bench.samples import Sample, beside, deployed
from tools.bench.users import ITEM, User

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lab.config import LabConfig
    from lab.control import Control
    from lab.drill.report.stages import Stage
    from lab.progress import Progress
    from tools.bench.designs import Design
    from tools.bench.figures import Phases

# An outage that some user does not survive within this is over; the sample has no figure.
OUTAGE_AWS_SECONDS, OUTAGE_SECONDS = 480.0, 60.0
SETTLE_AWS_SECONDS, SETTLE_SECONDS = 400.0, 60.0
QUIET_CHECKS = ("endpoint", "alarm", "off", "not-on", "switch")


class NotSettled(LabError):
    """The lab did not come back to quiet times, so that a further outage would prove nothing."""


@dataclass(frozen=True)
class Outage:
    """One outage: when, what started the recovery, and what every user lost.

    `start_to_switch` is measured; `beacon`, for how long the machine waited for Route 53's checkers
    beside it, is modelled.
    """

    number: int
    phases: Phases
    started: float
    started_by: str | None
    outcome: str
    start_to_switch: float | None
    beacon: float
    samples: tuple[Sample, ...]


class BenchScenario:
    """Outages in a lab that is up and has the record sets of every design."""

    def __init__(self, config: LabConfig, lab: Control, progress: Progress) -> None:
        self._config = config
        self._lab = lab
        self._progress = progress
        self._watch = Watch(config, lab)
        self._operator = Operator(config, lab)
        self._users: list[User] = []
        self._designs: tuple[Design, ...] = ()

    def run(self, drawn: Sequence[Phases]) -> list[Outage]:
        """Run every outage."""
        primary = self._config.primary_region
        self._seed_item()
        outages: list[Outage] = []
        for number, each in enumerate(drawn, start=1):
            what = f"Outage {number} of {len(drawn)} ({each.style}, {each.ours})"
            self._designs = (next(d for d in OURS if d.key == each.ours), *RIVALS)
            designs.choose(self._config, self._lab, self._designs[0])
            with self._progress.step(f"{what}: all designs lead to {primary}"):
                self._wait(self._unsettled)
            with self._progress.step(what) as step:
                outages.append(self._outage(number, each, step, what))
            self._print(outages[-1])
            with self._progress.step(f"{what}: healed, moved back by hand"):
                self._lab.act("heal")
                self._operator.move_back()
                self._seed_item()
        return outages

    def _seed_item(self) -> None:
        """Write the item that users read, as soon as the Primary takes writes itself."""
        host, https = self._config.public_name, Https(self._config)
        region, path = self._config.primary_region, f"/items/{ITEM}"

        def written() -> bool:
            try:
                answer = https.request(region, host, "PUT", path, {"text": "Read by every user"})
            except (urllib3.exceptions.HTTPError, OSError):
                return False
            own = answer.headers.get("X-Served-By") == region
            return answer.status == 200 and own

        self._wait(lambda: [] if written() else ["the Primary takes no write"])

    # --- quiet times -----------------------------------------------------------------------------

    def _unsettled(self) -> list[str]:
        """Return what keeps the times from being quiet."""
        checks = {c["name"]: c["healthy"] for c in self._lab.act("health")}
        expected = sorted({*QUIET_CHECKS, *(d.check for d in self._designs)})
        names = [d.name(self._config) for d in self._designs]
        return [
            *(
                f"health check {c} is unhealthy"
                for c in expected
                if not checks.get(f"{self._config.app_name}-{c}")
            ),
            *(f"{n} leads elsewhere" for n in names if not self._leads_to_primary(n)),
            *self._operator.unquiet(),
        ]

    def _leads_to_primary(self, name: str) -> bool:
        address = self._config.addresses[self._config.primary_region]
        return any(a["value"] == address for a in self._lab.act("dns", name=name))

    def _unserved(self) -> list[str]:
        waiting = sum(not u.steady.is_set() for u in self._users)
        if not waiting:
            return []
        return [f"the Primary does not serve {waiting} of {len(self._users)} users"]

    def _wait(self, causes: Callable[[], list[str]]) -> None:
        """Wait until nothing causes a wait any more."""
        seconds = SETTLE_AWS_SECONDS / self._config.speed + SETTLE_SECONDS
        if not within(seconds, lambda: not causes()):
            why = ", ".join(dict.fromkeys([*causes(), *self._unsettled()]))
            raise NotSettled(f"The lab did not settle: {why}. Is the machine busy with other work?")

    # --- an outage -------------------------------------------------------------------------------

    def _outage(self, number: int, drawn: Phases, step: Progress, what: str) -> Outage:
        self._users = [
            User(self._config, design, user, share)
            for design in self._designs
            for user, share in enumerate(drawn.caches[design.key])
        ]
        try:
            self._wait(self._unserved)
            time.sleep(drawn.outage / self._config.speed)
            at = time.time()
            self._lab.act("lose", region=self._config.primary_region, style=drawn.style)
            for user in self._users:
                user.lose(at)
            self._until_restored(at, step, what)
        finally:
            for user in self._users:
                user.end()
        return self._gathered(number, drawn, at)

    def _until_restored(self, at: float, step: Progress, what: str) -> None:
        """Wait until all users are served and the runs that the outage started have ended."""
        limit = at + OUTAGE_AWS_SECONDS / self._config.speed + OUTAGE_SECONDS
        while time.time() < limit and not all(u.restored for u in self._users):
            served = sum(u.restored for u in self._users)
            step.say(
                f"{what} … {time.time() - at:.0f} s, {served} of {len(self._users)} users served"
            )
            time.sleep(0.05)
        self._operator.until_ended(limit)

    def _gathered(self, number: int, drawn: Phases, at: float) -> Outage:
        config = self._config
        seen = Observations(
            primary=config.primary_region,
            secondary=config.secondary_region,
            public_name=config.public_name,
            app_name=config.app_name,
            speed=config.speed,
            replication_lag=config.replication_lag,
            started=at,
            outage=at,
            changes=self._watch.changes(at),
            executions=self._watch.executions(at),
            first_failed_probe=self._watch.first_failed_probe(),
        )
        first = seen.executions[0] if seen.executions else None
        began, promoted = first.started if first else None, seen.promoted_at
        own = {u.number: self._stages_of(seen, u) for u in self._users if u.design.deployed}
        stages = next((s for s in own.values() if s), [])
        samples = [
            deployed(u.design, u.log, u.number, own[u.number])
            if u.design.deployed
            else beside(u.design, u.log, u.number, at, config.speed, self._moved(seen, u.design))
            for u in self._users
        ]
        beacon = next((s for s in stages if s.name == "beacon"), None)
        waited = beacon.wall_seconds if beacon else 0.0
        return Outage(
            number,
            drawn,
            at,
            first.started_by if first else None,
            seen.recovery.outcome if seen.recovery else "none",
            round(promoted - began - waited, 3) if promoted and began else None,
            beacon.seconds if beacon else 0.0,
            tuple(samples),
        )

    @staticmethod
    def _stages_of(seen: Observations, user: User) -> list[Stage]:
        """Return a user's stages as a drill's, until a read and a write were good."""
        log = user.log
        if log.failed is None or not user.restored:
            return []
        window = drill_stages.Gap(log.failed, log.served, log.written)
        return drill_stages.stages(seen, window)

    def _moved(self, seen: Observations, design: Design) -> float | None:
        """Return when the health check turned that moves a design."""
        return seen.first(design.moved(self._config), "unhealthy", seen.outage)

    def _print(self, outage: Outage) -> None:
        """Print what the users of each design lost, at AWS's intervals."""
        parts = []
        for design in self._designs:
            totals = [s.total for s in outage.samples if s.design == design.key]
            ends = [t for t in totals if t is not None]
            lost = f"{min(ends):.0f} to {max(ends):.0f} s" if ends else "not served again"
            never = f", {len(totals) - len(ends)} never" if len(ends) < len(totals) else ""
            parts.append(f"{design.key} {lost}{never}")
        self._progress.event("  ".join(parts))
