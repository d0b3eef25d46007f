"""What goes wrong in a history, and when."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.protocol.replicas import OTHER
from tests.protocol.world import LINKS, PRIMARY, REGIONS, SECONDARY

if TYPE_CHECKING:
    from tests.protocol.environments import Environment, Told
    from tests.protocol.machines import Machines
    from tests.protocol.replicas import Replication
    from tests.protocol.store import Store
    from tests.protocol.watchers import Watchers
    from tests.protocol.world import World

ITEMS = tuple("abcd")


class Trouble:
    """Cuts, loses, freezes, stops and starts; `kinds` is what it came to do."""

    def __init__(
        self,
        world: World,
        store: Store,
        replication: Replication,
        told: Told,
        machines: Machines,
        environments: list[Environment],
        watchers: Watchers,
    ) -> None:
        self.world, self.store, self.replication, self.told = world, store, replication, told
        self.machines, self.environments = machines, environments
        self.watchers = watchers
        self.kinds: set[str] = set()

    def plan(self, until: float) -> None:
        """Plan what goes wrong until a moment."""
        world, rng = self.world, self.world.rng
        world.slow = rng.choice((0.0, 0.05, 0.3))
        kinds = (
            self._cut, self._lone, self._lose, self._freeze, self._freeze, self._put_back,
            self._stop_run, self._start_twice, self._move, self._stall, self._take_over,
            self._take_over, self._drain_again,
        )  # fmt: skip
        for _ in range(rng.randint(4, 12)):
            what = rng.choice(kinds)
            world.at(rng.random() * until, what)

    def _lasting(self) -> float:
        return self.world.rng.choice((2.0, 8.0, 40.0, 90.0, 300.0, 1e9))

    def _cut(self) -> None:
        links = {link for link in LINKS if self.world.chance(0.4)}
        self._sever(links)

    def _lone(self) -> None:
        alone = self.world.rng.choice(REGIONS)
        self._sever({link for link in LINKS if alone in link})

    def _sever(self, links: set[frozenset[str]]) -> None:
        self.world.sever(links)
        self.kinds.add("cut")
        self.world.at(self._lasting(), lambda: self.mend(links))

    def mend(self, links: set[frozenset[str]]) -> None:
        self.world.mend(links, self.world.rng.choice((0.0, 3.0, 30.0)))
        self.replication.go_on()

    def _lose(self) -> None:
        region = self.world.rng.choice(REGIONS)
        if region not in self.world.lost:
            self.world.lose(region)
            self.kinds.add("lost")
            self.world.at(self._lasting(), lambda: self.bring_back(region))

    def bring_back(self, region: str) -> None:
        self.world.bring_back(region, self.world.rng.choice((0.0, 5.0, 60.0)))
        self.replication.go_on()

    def _freeze(self) -> None:
        environment = self.world.rng.choice(self.environments)
        environment.freeze(self.world.rng.choice((1.0, 2.5, 5.0, 20.0)))
        self.kinds.add("frozen")

    def _put_back(self) -> None:
        environment = self.world.rng.choice(self.environments)
        if environment.wall_is_right:
            return
        environment.clocks.put_back(self.world.rng.choice((0.5, 3.0, 30.0, 3600.0)))

    def _stop_run(self) -> None:
        def stop() -> None:
            living = self.machines.living("failover", "switchover")
            if living:
                run = self.world.rng.choice(living)
                self.watchers.stop(run)
                self.kinds.add("stopped")
                if run.kind == "switchover" and self.world.chance(0.7):
                    self.machines.janitor(run)

        for _ in range(3):
            self.world.at(self.world.rng.random() * 30, stop)

    def _start_twice(self) -> None:
        if self.store.item.active_region == PRIMARY and SECONDARY not in self.world.lost:
            for delay in (0.0, self.world.rng.random() * 10):
                self.world.at(delay, lambda: self._started(SECONDARY))

    def _started(self, region: str) -> None:
        """A person starts the machine, outage or not."""
        if region not in self.world.lost:
            self.machines.failover(region, lambda: True, None)
            self.kinds.add("by hand")

    def _move(self) -> None:
        if SECONDARY in self.world.lost:
            return
        target = OTHER[self.store.item.active_region]
        self.machines.switchover(target)
        self.kinds.add("move")
        if self.world.chance(0.3):
            for _ in range(3):
                again = self.world.rng.random() * 40
                self.world.at(again, lambda: self.machines.switchover(target))
        if self.world.chance(0.25):
            self._stop_run()

    def _take_over(self) -> None:
        """Somebody takes over just while the active Region is cut off, or slow."""
        world, rng = self.world, self.world.rng
        active = self.store.item.active_region
        self._started(OTHER[active])
        if world.chance(0.5):
            world.at(rng.random() * 6, lambda: self._started(OTHER[active]))
        if world.chance(0.3):
            self._stop_run()
        if world.chance(0.3):
            links = {link for link in LINKS if active in link}
            world.at(rng.random() * 6, lambda: self._sever(links))
        else:
            world.at(rng.random() * 3, self._hold_back)

    def _hold_back(self) -> None:
        """For some seconds users hurry, and the active Region's writes are slow, there or back."""
        world, told = self.world, self.told
        told.slow_region = self.store.item.active_region

        def no_more() -> None:
            told.slow_region = ""

        def hurry(environment: Environment) -> None:
            environment.request(world.rng.choice(ITEMS))

        world.at(15.0, no_more)
        for n in range(30):
            world.at(n * 0.5, partial(hurry, self.environments[n % len(self.environments)]))

    def _drain_again(self) -> None:
        """A keeper whose clock is fast undoes a drain, and the same move is started once more."""
        world, rng = self.world, self.world.rng
        target = OTHER[self.store.item.active_region]
        self.machines.switchover(target)
        ended = rng.uniform(4, 14)
        world.at(ended, self.machines.end_drain)
        world.at(ended + rng.random() * 2, lambda: self.machines.switchover(target))
        world.at(ended, self._hold_back)

    def _stall(self) -> None:
        self.replication.stalled = True
        self.kinds.add("stalled")

        def go_on() -> None:
            self.replication.stalled = False
            self.replication.go_on()

        self.world.at(self._lasting(), go_on)
