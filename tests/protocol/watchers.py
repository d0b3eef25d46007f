"""The sentinel, which starts the machine by the level, and people, where no machine may act."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pilotlight.failover import confirmation
from pilotlight.sentinel.level import Outage

from tests.protocol.environments import text
from tests.protocol.world import PRIMARY, SECONDARY

if TYPE_CHECKING:
    from tests.protocol.environments import Told
    from tests.protocol.machines import Machines, Run
    from tests.protocol.store import Store
    from tests.protocol.world import World

PATIENCE_OF_PEOPLE = 60.0


class Watchers:
    """What the Secondary's sentinel sees, and what people are told."""

    def __init__(self, world: World, store: Store, told: Told, machines: Machines) -> None:
        self.world, self.store, self.told, self.machines = world, store, told, machines
        self.people_told = False
        self.kinds: set[str] = set()
        self._still: tuple[int, float] | None = None
        self._outage: Outage | None = None
        self._started: Run | None = None
        self._held = False

    def look(self) -> None:
        """Start the machine, by the product's own level, while the Primary fails its probes.

        Whether it is an outage the machine judges. Each look finds the table, and starts once more
        what another one started: an attempt of one name runs once.
        """
        world = self.world
        if SECONDARY in world.lost:
            return
        if world.linked(PRIMARY, SECONDARY):
            self._outage, self._held = None, False
            return
        outage = self._outage = self._outage or Outage(text(world.now))
        due = outage.due(datetime.fromtimestamp(world.now, UTC))
        copy = self.store.copies[SECONDARY][0]
        if self._held or not due or copy["active_region"]["S"] != PRIMARY:
            return
        if self._started and self._started.alive:
            return
        self._outage = replace(
            outage, attempts=outage.attempts + 1, last_started_at=text(world.now)
        )
        failed_at = datetime.fromisoformat(outage.first_failed_at).timestamp()
        self._started = self.machines.failover(SECONDARY, self._is_outage, failed_at)
        self.kinds.add("restarted" if outage.attempts else "failover")

    def stop(self, run: Run) -> None:
        """A run is killed, or a person stops it: then nothing starts by itself for that outage."""
        run.stop()
        if run is self._started and self.world.chance(0.2):
            self._held = True
            self.kinds.add("held")

    def _is_outage(self) -> bool:
        world, store = self.world, self.store
        if SECONDARY in world.lost:
            return False
        still = False
        if world.answered(SECONDARY):
            if self._still is None or self._still[0] != store.beat:
                self._still = (store.beat, world.now)
            still = world.rules.pulse and world.now - self._still[1] >= confirmation.STILL_SECONDS
        else:
            self._still = None
        probed = [world.linked(PRIMARY, SECONDARY)]
        beacon: Any = "unhealthy" if PRIMARY in world.lost else "healthy"
        return confirmation.verdict(probed, beacon, pulse_still=still) == "outage"

    def tell_people(self) -> None:
        """Nobody serves, and no machine may act: alarms tell people, who may do something."""
        world, item = self.world, self.store.item
        silent = world.now - self.told.last_at
        if silent < PATIENCE_OF_PEOPLE or not self.is_for_people():
            return
        self.people_told = True
        if not world.chance(0.3):
            return
        if item.active_region == SECONDARY and world.answered(PRIMARY):
            if not self.machines.living("failover"):
                self.machines.failover(PRIMARY, lambda: True, None)
                self.kinds.add("emergency")
        elif not any(world.answered(r) for r in (PRIMARY, SECONDARY)):
            region = world.rng.choice((PRIMARY, SECONDARY))
            if region not in world.lost:
                self._grant(region)

    def _grant(self, region: str) -> None:
        self.world.tell(f"a person grants {region} the last resort")
        self.kinds.add("last resort")
        epoch = self.store.copies[region][0]["epoch"]
        until = int(self.world.now + self.world.rng.uniform(1800, 14000))
        by, until_item = {"S": "a person"}, {"N": str(until)}
        self.store.resorts[region] = {"until": until_item, "epoch": epoch, "by": by}

    def is_for_people(self) -> bool:
        """Say whether no machine can bring the service back."""
        world, active = self.world, self.store.item.active_region
        if self._held:
            return True
        if not any(world.answered(r) for r in (PRIMARY, SECONDARY)):
            return True
        if active == SECONDARY:
            return not world.answered(SECONDARY)
        return not world.answered(PRIMARY) and not world.answered(SECONDARY)
