"""A lab in simulated time: it loses a Region, recovers or not, and takes the Region back."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console

from lab.drill import watching
from lab.drill.observations import (
    Change,
    ControlItem,
    ControlRead,
    Execution,
    Notification,
    Request,
    State,
    Write,
    WriteByName,
)
from lab.drill.outage import scenario
from lab.drill.outage.scenario import Scenario
from lab.progress import Progress
from tests.unit.lab.drill.rows import entry, item
from tests.unit.lab.drill.samples import OUTAGE, execution, states
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything

if TYPE_CHECKING:
    import pytest

    from lab.drill.observations import Observations

PRESENT = frozenset({"i0"})
CHECKS = ("endpoint", "alarm", "off", "not-on", "switch")
START, SPEED, EVERY = 1_800_000_000.0, 10.0, 0.5


class World:
    """What happens, and when. Moments count from the loss, or from the return."""

    def __init__(self) -> None:
        self.now = START
        self.settles_at = START + 2
        self.alarm, self.leads_to_before = "OK", PRIMARY
        self.fails_until = 0.0
        self.run_starts, self.run_ends, self.run = 14.1, 21.1, execution()
        self.users_return: float | None = 17.4
        self.healthy_after_heal: float | None = 3.0
        self.caught_up_after_heal = 2.0
        self.holds_at: float | None = None
        self.lost: float | None = None
        self.first_failed_probe: float | None = None
        self.healed: float | None = None
        self.written = 0.0
        self.done: list[str] = []
        self.replaced: list[tuple[float, str]] = []
        self.interrupt_at: float | None = None
        self.asked: list[str] = []
        self.ended: list[str] = []
        self.screen = StringIO()
        self.cold_starts: tuple[bool, float | None] | None = None
        # Strong reads that were not answered: when each was sent, and given up, after the loss.
        self.silent_reads: list[tuple[float, float]] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.interrupt_at is not None and self.since_loss() > self.interrupt_at:
            raise KeyboardInterrupt

    def since_loss(self) -> float:
        return -1.0 if self.lost is None else self.now - self.lost

    def promoted(self) -> bool:
        return self.since_loss() >= 15.86 and self.run.outcome == "promoted"


class Lab:
    """The admin API of the simulated lab."""

    def __init__(self, world: World) -> None:
        self._world = world

    def act(self, action: str, **given: Any) -> Any:
        world = self._world
        if action == "health":
            healthy = world.now >= world.settles_at
            return [{"name": f"pilot-light-{c}", "healthy": healthy} for c in CHECKS]
        if action == "replication":
            behind = world.healed and world.now < world.healed + world.caught_up_after_heal
            link = {"waiting": 9, "oldest_seconds": 20.0 if behind else 0.5}
            return {"links": {f"{SECONDARY}->{PRIMARY}": link}}
        if action == "calls":
            return []
        if action == "cold_starts":
            world.cold_starts = (given["on"], world.lost)
            return {}
        if action == "state":
            lost = {PRIMARY: {"services": []}}
            return {
                "refused": {},
                "swallowed": {f"{PRIMARY} request at its entry": 7},
                "lost": lost,
            }
        world.done.append(f"outage {given['mode']}" if action == "outage" else action)
        moment = {"outage": "lost", "heal": "healed"}[action]
        setattr(world, moment, world.now)
        return {}

    def mark_as_drill(self) -> None:
        pass

    def leads_to(self) -> str:
        return SECONDARY if self._world.promoted() else self._world.leads_to_before

    def client(self, service: str, region: str) -> Any:
        assert (service, region) in {("cloudwatch", "us-east-1"), ("cloudwatch", SECONDARY)}
        state = {"StateValue": self._world.alarm}
        return Anything(
            describe_alarms=lambda AlarmNames: {"MetricAlarms": [state for _ in AlarmNames]}
        )


class Watch:
    """What is read from the simulated lab's AWS."""

    def __init__(self, world: World) -> None:
        self._world = world

    def subscribe(self) -> None:
        self._world.done.append("subscribe")

    def control(self) -> ControlItem:
        promoted = self._world.promoted()
        return ControlItem(SECONDARY, 2, 3) if promoted else ControlItem(PRIMARY, 1, 1)

    def changes(self, since: float) -> list[Change]:
        world = self._world
        found = [Change(since + 0.001, f"Region {PRIMARY}", "lost")]
        found.append(Change(since + 2.7, "health check pilot-light-endpoint", "unhealthy"))
        found.append(Change(since + 14, "alarm pilot-light-primary-unhealthy", "ALARM"))
        if world.healed and world.healthy_after_heal is not None:
            at = world.healed + world.healthy_after_heal
            found.append(Change(at, "health check pilot-light-endpoint", "healthy"))
        return [c for c in found if c.at <= world.now]

    def executions(self, since: float) -> list[Execution]:
        world = self._world
        if world.since_loss() < world.run_starts:
            return []
        begun = replace(world.run, started=since + world.run_starts, states=[])
        if world.since_loss() < world.run_ends:
            holds = world.holds_at is not None and world.since_loss() >= world.holds_at
            held_at = since + (world.holds_at or 0.0)
            hold = [State("NotifyHold", held_at, held_at)] if holds else []
            return [replace(begun, status="RUNNING", output={}, ended=None, states=hold)]
        after = since - OUTAGE
        moved = [replace(s, entered=s.entered + after, exited=s.exited + after) for s in states()]
        passed = moved if world.run.states else []
        return [replace(begun, ended=since + world.run_ends, states=passed)]

    def notifications(self) -> list[Notification]:
        return [Notification(self._world.now, "started", "started")]

    def rows(self, region: str) -> list[dict[str, Any]]:
        """The journal of two writes, and the item of the first."""
        assert region in (PRIMARY, SECONDARY)
        times = (f"2027-01-15T08:00:0{n}+00:00" for n in range(2))
        entries = [entry(f"write-{n}", f"i{n}", shard=n, at=at) for n, at in enumerate(times)]
        return [item("i0", "write-0"), *entries]

    def first_failed_probe(self) -> float | None:
        return self._world.first_failed_probe

    def last_good_probe(self, since: float, until: float) -> float | None:
        return (since + until) / 2

    def probe_results(self, _since: float) -> dict[int, int]:
        return {1: 1}

    def lock(self) -> dict[str, Any]:
        return {}

    def has_seen_primary_healthy(self) -> bool:
        return True

    def recoveries(self) -> list[str]:
        return ["recovery#2"]

    def recovery(self, epoch: int) -> dict[str, Any]:
        return {"evidence": '{"confirm": {"verdict": "outage"}}'} if epoch == 2 else {}


class Traffic:
    """Users who ask every half second."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._begun: float | None = None
        self.writes: list[Write] = []

    def start(self) -> None:
        self._world.done.append("traffic")
        self._begun = self._world.now

    def stop(self) -> None:
        self._world.done.append("traffic ends")

    def replace(self, text: str) -> Write:
        self._world.replaced.append((self._world.since_loss(), text))
        return Write("replaced", f"write {len(self._world.replaced)}", self._world.now, PRIMARY)

    @property
    def requests(self) -> list[Request]:
        if self._begun is None:
            return []
        count = int((self._world.now - self._begun) / EVERY)
        begun = [self._begun + i * EVERY for i in range(count)]
        kinds: tuple[Literal["read", "write"], ...] = ("read", "write")
        return [self._request(at, kind) for at in begun for kind in kinds]

    def _request(self, at: float, kind: Literal["read", "write"]) -> Request:
        world = self._world
        if world.lost is None or at < world.lost:
            bad = at < world.fails_until
            return Request(kind, at, at + 0.01, not bad, PRIMARY, "HTTP status 500")
        back = world.users_return is not None and at >= world.lost + world.users_return
        return Request(kind, at, at + 0.01, back, SECONDARY if back else PRIMARY, "said")


class Background:
    """What asks beside the users, and the history of the control item: nothing here."""

    def __init__(self, world: World, name: str) -> None:
        self._world, self._name = world, name
        self.writes: list[Any] = []

    @property
    def reads(self) -> list[ControlRead]:
        lost = self._world.lost or 0.0
        silent = self._world.silent_reads
        return [ControlRead(lost + sent, lost + end, PRIMARY, None) for sent, end in silent]

    def start(self) -> None:
        self._world.asked.append(self._name)

    def stop(self) -> None:
        self._world.ended.append(self._name)


def simulated(world: World, monkeypatch: pytest.MonkeyPatch, outage: str = "region") -> Scenario:
    """Return a drill in the simulated lab."""

    def write_from_its_return(_https: Any, _config: Any, lab: Any) -> list[WriteByName]:
        lab.act("heal")
        world.done.append(f"10 writes to {PRIMARY}")
        world.written = world.now
        return [WriteByName(201, SECONDARY, PRIMARY)] * 10

    for module in (scenario, watching):
        monkeypatch.setattr(module, "time", world)
    monkeypatch.setattr(scenario, "Https", lambda config: None)
    monkeypatch.setattr(scenario, "Watch", lambda config, lab: Watch(world))
    monkeypatch.setattr(scenario, "Traffic", lambda config, https: Traffic(world))
    for name, what in (("ControlHistory", "control item"), ("ByName", "Primary by name")):
        monkeypatch.setattr(scenario, name, lambda *_, what=what: Background(world, what))
    monkeypatch.setattr(scenario, "write_from_its_return", write_from_its_return)
    monkeypatch.setattr(scenario, "fail_back", lambda *_: world.done.append("failback"))
    config = CONFIG.with_options(speed=SPEED)
    progress = Progress(Console(file=world.screen, width=200))
    return Scenario(config, Lab(world), progress, outage=outage)  # type: ignore[arg-type]


def drill(world: World, monkeypatch: pytest.MonkeyPatch, outage: str = "region") -> Observations:
    return simulated(world, monkeypatch, outage).run()
