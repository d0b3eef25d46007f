"""The state machines, the janitor and the person, as processes that may be stopped anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pilotlight.control.transitions import TRANSITIONS
from pilotlight.journal.proof import JournalProof, TailsDiffer
from pilotlight.ledger.epoch_end import Promotion

from tests.protocol.environments import LEASE_SECONDS, RATE, text
from tests.protocol.replicas import OTHER, JournalPort, Watermark
from tests.protocol.store import ask, read
from tests.protocol.world import SECONDARY, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pilot_light_client.control_item import ControlItem

    from tests.protocol.environments import Told
    from tests.protocol.replicas import Replication
    from tests.protocol.store import Store
    from tests.protocol.world import World

DRAIN_SECONDS = 60
ROUNDS = 12


class Run:
    """An execution: it goes on step by step, until it ends or is stopped."""

    def __init__(self, world: World, kind: str, name: str, home: str) -> None:
        self.world, self.kind, self.name, self.home = world, kind, name, home
        self.alive = True
        self.rate = world.rng.choice((1.0, 1 - RATE, 1 + RATE))

    def start(self, steps: Iterator[float]) -> None:
        self.world.tell(f"{self.name} starts")

        def go_on() -> None:
            if not self.alive:
                return
            if self.home in self.world.lost:
                self.stop()
                return
            try:
                self.world.at(next(steps), go_on)
            except StopIteration:
                self.world.tell(f"{self.name} ends")
                self.alive = False

        go_on()

    def stop(self) -> None:
        self.world.tell(f"{self.name} is stopped")
        self.alive = False


class Machines:
    """Starts the machines over one store."""

    def __init__(self, world: World, store: Store, replication: Replication, told: Told) -> None:
        self._world, self._store = world, store
        self._replication, self._told = replication, told
        self.runs: list[Run] = []

    def living(self, *kinds: str) -> list[Run]:
        return [r for r in self.runs if r.alive and r.kind in kinds]

    def failover(self, region: str, goes_on: Callable[[], bool], failed_at: float | None) -> Run:
        run = Run(self._world, "failover", f"failover-{region}-{self._world.number()}", region)
        self.runs.append(run)
        run.start(self._failover(run, region, goes_on, failed_at))
        return run

    def switchover(self, target: str) -> None:
        if SECONDARY in self._world.lost:
            return
        run = Run(self._world, "switchover", f"switchover-{self._world.number()}", SECONDARY)
        self.runs.append(run)
        run.start(self._switchover(run, target))

    def _update(self, name: str, seen: ControlItem, here: str, by: str) -> dict:
        extras: dict[str, str | int] = {
            "cooldown_until": int(self._world.now) + 900,
            "move": by,
            "drain_until": int((self._world.now + DRAIN_SECONDS) * 1000),
        }
        row = TRANSITIONS[name]
        given = {key: extras[key] for key in row.sets}
        return row.update(seen, here=here, by=by, at=text(self._world.now), **given)

    def _failover(
        self, run: Run, region: str, goes_on: Callable[[], bool], failed_at: float | None
    ) -> Iterator[float]:
        world, rules = self._world, self._world.rules
        for _ in range(ROUNDS):
            item = yield from read(self._store, region)
            if item is None:
                yield 3.0
                continue
            sent = world.now
            if item.active_region == region:
                if item.state != "claimed":
                    return
                claimed = item
                waited = 0.0 if rules.lease_of_successor else LEASE_SECONDS
            else:
                yield world.rng.random() * 5  # Confirm, readiness, warm, decide.
                if not goes_on():
                    yield 5.0
                    continue
                sent = world.now
                update = self._update("claim", item, region, run.name)
                made = yield from ask(self._store, region, update)
                if made is not True:
                    continue
                claimed = replace(
                    item,
                    revision=item.revision + 1,
                    epoch=item.epoch + 1,
                    state="claimed",
                    active_region=region,
                )
                waited = 0.0 if rules.lease_from_answer else world.now - sent
            yield max(LEASE_SECONDS - waited, 0.0) / run.rate
            update = self._update("serve", claimed, region, run.name)
            if (yield from ask(self._store, region, update)) is True:
                self._record(claimed.epoch, failed_at)
                return

    def _record(self, epoch: int, failed_at: float | None) -> None:
        if self._world.chance(0.7):
            known = self._world.chance(0.5)
            lag = timedelta(seconds=self._replication.lag() + 3) if known else None
            failed = datetime.fromtimestamp(failed_at, UTC) if failed_at else None
            at = datetime.fromtimestamp(self._world.now, UTC)
            self._replication.promotions[epoch] = Promotion(at, failed, lag)

    def _switchover(self, run: Run, target: str) -> Iterator[float]:
        world, rules = self._world, self._world.rules
        source = OTHER[target]
        item = yield from read(self._store, SECONDARY)
        if item is None or item.active_region != source or item.state != "serving":
            return
        if not self._replication.works:
            return
        self._replication.reconcile()
        self._replication.ledger.accept_all()
        yield world.rng.random() * 4
        update = self._update("drain", item, target, run.name)
        sent = world.now
        made = yield from ask(self._store, SECONDARY, update)
        if made is not True:
            yield from self._undo(run)
            return
        drained = replace(item, revision=item.revision + 1, state="draining")
        waited = 0.0 if rules.lease_from_answer else world.now - sent
        yield max(LEASE_SECONDS - waited, 0.0) / run.rate
        if not (yield from self._proven(source, target, item.epoch)):
            yield from self._undo(run)
            return
        yield world.rng.choice((0.1, 0.1, 8.0))
        if not rules.own_drain:
            again = yield from read(self._store, SECONDARY)
            drained = again if again is not None and again.state == "draining" else drained
        update = self._update("planned_claim", drained, target, run.name)
        missing = self._missing(source, target, item.epoch)
        made = yield from ask(self._store, SECONDARY, update)
        if made is not True:
            yield from self._undo(run)
            return
        if missing:
            raise Violation(f"a planned move lost {missing}")
        self._record(item.epoch + 1, None)

    def _proven(self, source: str, target: str, epoch: int) -> Iterator[float]:
        """Compare until all has arrived. Returns whether it has."""
        world, replicas = self._world, self._replication.replicas
        if not world.rules.proof:
            return True
        mark = self._replication.marks.setdefault((source, epoch), Watermark())
        for _ in range(12):
            yield 0.5 + world.rng.random() * 3
            if not world.linked(source, target):
                continue
            ports = (JournalPort(replicas[r], source, epoch) for r in (source, target))
            clock = lambda: int(world.now * 1000)  # noqa: E731
            try:
                began = lambda: None  # noqa: E731
                proof = JournalProof((source, target), *ports, mark, began, clock)  # type: ignore[arg-type]
                proof.tails(60)
            except TailsDiffer:
                continue
            self._replication.reconcile()
            return True
        return False

    def _missing(self, source: str, target: str, epoch: int) -> list[str]:
        """Return what was acknowledged in the epoch and is not in the target."""
        there = self._replication.replicas[target].known
        mine = (
            i
            for _, i, authority in self._told.writes
            if (i.region, i.epoch, authority) == (source, epoch, "quorum")
        )
        return [i.write_id for i in mine if i.write_id not in there]

    def _undo(self, run: Run) -> Iterator[float]:
        for _ in range(4):
            item = yield from read(self._store, SECONDARY)
            if item is None:
                yield 2.0
                continue
            if item.state != "draining" or item.changed_by != run.name:
                return
            update = self._update("undrain", item, item.active_region, run.name)
            yield from ask(self._store, SECONDARY, update)

    def end_drain(self) -> None:
        """A keeper whose clock is fast finds that a drain is over."""
        run = Run(self._world, "keeper", "a keeper with a fast clock", SECONDARY)

        def steps() -> Iterator[float]:
            item = yield from read(self._store, SECONDARY)
            if item is not None and item.state == "draining":
                update = self._update("undrain", item, item.active_region, run.name)
                yield from ask(self._store, SECONDARY, update)

        run.start(steps())

    def janitor(self, dead: Run) -> None:
        """Look after a dead execution, perhaps late."""
        run = Run(self._world, "janitor", f"janitor of {dead.name}", SECONDARY)
        self.runs.append(run)

        def look() -> None:
            if SECONDARY in self._world.lost:
                self._world.at(30.0, look)
            else:
                run.start(self._undo(dead))

        self._world.at(self._world.rng.choice((1.0, 5.0, 300.0)), look)
