"""One history: minutes in which much goes wrong, then the wait until somebody serves, then healing.

    .venv/bin/python -m tests.protocol.history SEED [RULE TAKEN OUT]

tells what happened in one.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests import journaled
from tests.protocol.environments import Environment, Told, virtual_time
from tests.protocol.machines import Machines
from tests.protocol.replicas import Replication
from tests.protocol.rules import Rules, without
from tests.protocol.store import Store
from tests.protocol.trouble import ITEMS, Trouble
from tests.protocol.watchers import Watchers
from tests.protocol.world import LINKS, PRIMARY, SECONDARY, Violation, World

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_SILENCE = 20 * 60.0
REPLAY = ".venv/bin/python -m tests.protocol.history"


@dataclass
class Seen:
    """What a history came to see, to know that the histories see enough."""

    kinds: set[str] = field(default_factory=set)
    acknowledged: int = 0
    claims: int = 0


class History:
    """A world, and everything that happens in it."""

    def __init__(self, seed: int, rules: Rules) -> None:
        self.world = world = World(seed, rules)
        rng = world.rng
        in_secondary = rng.random() < 0.35
        self.store = Store(world, SECONDARY if in_secondary else PRIMARY, 2 if in_secondary else 1)
        self.replication = Replication(world, self.store)
        self.told = Told(world, self.store)
        parts = (world, self.store, self.replication, self.told)
        self.machines = Machines(*parts)
        self.environments = [
            Environment(*parts, region)
            for region in (PRIMARY, SECONDARY)
            for _ in range(rng.choice((1, 2)))
        ]
        # What keeps the control item, and answers Route 53's checkers.
        self.jobs = {region: Environment(*parts, region) for region in (PRIMARY, SECONDARY)}
        self.watchers = Watchers(world, self.store, self.told, self.machines)
        self.trouble = Trouble(*parts, self.machines, self.environments, self.watchers)
        self.seen = Seen()

    # --- what runs all the time ------------------------------------------------------------------
    def _every(self, seconds: float, do: Callable[[], None], *, jitter: float = 0.0) -> None:
        world = self.world

        def again() -> None:
            world.at(seconds + world.rng.random() * jitter, again)
            do()

        world.at(world.rng.random() * seconds, again)

    def begin(self) -> None:
        rng = self.world.rng
        pace = rng.choice((1.5, 1.5, 6.0))
        for environment in self.environments:
            self._every(
                pace,
                lambda e=environment: e.request(rng.choice(ITEMS)),  # type: ignore[misc]
                jitter=pace,
            )
        for region in (PRIMARY, SECONDARY):
            first = next(e for e in self.environments if e.region == region)
            self._every(10, first.beat, jitter=0.1)
            self._every(30, self.jobs[region].keep, jitter=1)
            self._every(45, self.jobs[region].look_at_switch, jitter=60)
            self._every(5, lambda r=region: self.store.copy_to(r))  # type: ignore[misc]
        self._every(10, self.watchers.look)
        self._every(30, self.watchers.tell_people)

    # --- the three parts of it -------------------------------------------------------------------
    def run(self) -> Seen:
        world = self.world
        with virtual_time(world):
            self.begin()
            length = world.rng.uniform(40, 160)
            self.trouble.plan(length)
            world.run_until(world.now + length)
            self._await_service()
            self._heal()
            self._judge()
        if any(item.state == "draining" for _, item in self.store.past):
            self.seen.kinds.add("drained")
        self.seen.kinds |= self.trouble.kinds | self.watchers.kinds
        self.seen.acknowledged = len(self.told.writes)
        self.seen.claims = self.store.item.epoch - self.store.past[0][1].epoch
        return self.seen

    def _await_service(self) -> None:
        """Within 20 minutes somebody serves, or a person was notified why not."""
        world, since = self.world, self.world.now
        self.watchers.people_told = False
        while self.told.last_at <= since:
            if self.watchers.people_told and self.watchers.is_for_people():
                self.seen.kinds.add("told")
                return
            if world.now - since > LONGEST_SILENCE:
                raise Violation("for 20 minutes nobody served, and nobody was notified why not")
            world.run_until(world.now + 10)

    def _heal(self) -> None:
        """Everything is back. Within 20 minutes somebody serves, and nothing is left behind."""
        world = self.world
        world.slow = 0.0
        for region in sorted(world.lost):
            self.trouble.bring_back(region)
        self.trouble.mend(set(LINKS))
        self.replication.stalled = False
        self.replication.go_on()
        world.tell("everything is healed")
        since = world.now
        while self.told.last_at <= since or self._left_behind():
            if world.now - since > LONGEST_SILENCE:
                raise Violation(f"20 minutes after healing: {self._left_behind() or 'no service'}")
            world.run_until(world.now + 10)
        self.told.closed = True
        self.replication.settle()

    def _left_behind(self) -> str:
        if self.store.item.state != "serving":
            return f"the control item is {self.store.item.state}"
        if self.store.resorts:
            return "a last resort is left"
        living = self.machines.living("failover", "switchover", "janitor")
        return f"{living[0].name} goes on" if living else ""

    def _judge(self) -> None:
        """What was acknowledged is there or in the ledger."""
        self.replication.reconcile()
        replicas, ledger = self.replication.replicas, self.replication.ledger.kept
        histories: dict[str, set[str]] = {}
        for _, item, authority in self.told.writes:
            if item.id not in histories:
                there = [
                    replicas[r].items.get(journaled.ref(item.id)) for r in (PRIMARY, SECONDARY)
                ]
                if there[0] != there[1]:
                    raise Violation(f"the replicas differ in {item.id}")
                histories[item.id] = self.replication.history_of(there[0])
            if item.write_id not in histories[item.id]:
                self.seen.kinds.add("overwritten")
                if item.write_id not in ledger:
                    raise Violation(f"{item.write_id} of {item.region} ({authority}) vanished")


def lived(seed: int, rules: Rules) -> Seen:
    """Live one history."""
    return History(seed, rules).run()


def main() -> None:
    seed, rule = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    with without(rule) as rules:
        history = History(seed, rules)
        history.world.log = []
        try:
            print(history.run())
        except Violation as violation:
            print(f"Violation: {violation}")
        finally:
            print("\n".join(history.world.log))


if __name__ == "__main__":
    main()
