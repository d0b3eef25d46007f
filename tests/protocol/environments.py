"""The execution environments of the application: the real service behind the real fence."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from items.service import FORWARDED_BY, ItemService, WriteRefused, WriteRequest
from pilot_light_client import timestamps, ulid, ulid_format
from pilot_light_client.fence import Fence
from pilot_light_client.last_resort import LastResortTable
from pilot_light_client.pulse import Pulse, PulseWriter
from pilot_light_client.transaction import WriteConflict, WriteUnknown
from pilotlight.control.keeper import Keeper
from pilotlight.control.switch import Switch
from pilotlight.control.table import ControlTable

from tests import journaled
from tests.protocol.clocks import Clocks, TrueStamp
from tests.protocol.store import CONTROL, LAST_RESORT, READ_TIMEOUT, Client
from tests.protocol.world import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from items.item import Item
    from pilot_light_client.fence import Permit, WriteDecision
    from pilot_light_client.journal import Write

    from tests.protocol.replicas import Replication
    from tests.protocol.store import Store
    from tests.protocol.world import World

FENCE_SECONDS = 3.0
LEASE_SECONDS = 5.0
# Two clocks that are each off by 1 % in rate.
RATE = 0.01
# The proof does not compare again what lies below its watermark, a minute behind. Where API
# Gateway's time of a request is not known, the environment's clock makes the id: it may be off by
# half of that.
IDS_OFF = 25.0
HEADERS = {FORWARDED_BY.lower(): "yes"}


class WatchedFence(Fence):
    """The fence, and what it last answered."""

    last: tuple[WriteDecision, Permit]

    def decide(
        self, *, forwarded: bool, request: float | None = None
    ) -> tuple[WriteDecision, Permit]:
        self.last = super().decide(forwarded=forwarded, request=request)
        return self.last


class Environment:
    """One environment: its clocks, its fence, its service, its switch."""

    def __init__(
        self, world: World, store: Store, replication: Replication, told: Told, region: str
    ) -> None:
        self.world, self.region = world, region
        self._replication, self._told = replication, told
        rng = world.rng
        hour = rng.choice((0.0, 0.0, rng.uniform(-3600, 3600)))
        rates = [rng.choice((1.0, 1 - RATE, 1 + RATE)) for _ in range(2)]
        self.clocks = Clocks(world, offset=hour, wall_rate=rates[0], boot_rate=rates[1])
        client = Client(store, region)
        control = ControlTable(client, CONTROL)
        self.last_resort = LastResortTable(client, LAST_RESORT, self.clocks.wall)
        self.fence = WatchedFence(
            control.read,
            region,
            fence_seconds=FENCE_SECONDS,
            without_quorum=told.without_quorum,
            last_resort=self.last_resort.read,
            end_last_resort=self.last_resort.end,
            clock=self.clocks.stamp,
            sleep=world.wait,
        )
        self.service = ItemService(region, "zone", self.fence, self)  # type: ignore[arg-type]
        self.pulse = PulseWriter(Pulse(client, CONTROL), region, self.clocks.wall)
        self.switch = Switch(
            control.read,
            lambda: control.read(consistent=False),
            region,
            self.last_resort.read,
            lambda: self.clocks.stamp(None),
        )
        self.keeper = Keeper(
            control,
            region,
            f"keeper {region}",
            LEASE_SECONDS,
            self.last_resort,
            world.wait,
            self.clocks.milliseconds,
        )
        self.busy = False
        # One of its clocks runs while it works. Only the request's own time stands in for both.
        self.wall_is_right = rng.random() < 0.5

    # --- what ItemsTable answers -----------------------------------------------------------------
    name = journaled.ref("-").table

    def read(self, item_id: str) -> tuple[Item | None, Any]:
        self.world.wait(0.004)
        return self._replication.replicas[self.region].read(journaled.ref(item_id))

    def write(self, write: Write, _over: Any, *, check: Any, **_: Any) -> None:
        """Connect, check, send, and wait for the answer. The SDK tries twice, with one token."""
        world, rng = self.world, self.world.rng
        for _ in range(2):
            slow = 0.7 if self._told.slow_region == self.region else world.slow
            if slow and world.chance(slow):
                world.wait(rng.random() * 6)  # The lookup of the name, or the handshake.
            check()
            self._told.sent(self)
            held_back = world.slow and world.chance(world.slow)
            if held_back or self.region in world.lost:
                world.at(rng.expovariate(1 / 20), lambda: self._late(write))
                world.wait(READ_TIMEOUT)
                continue
            world.wait(0.003)
            if not self._replication.make(self.region, write):
                raise WriteConflict(str(write.new.ref))
            world.wait(rng.random() * 6 if slow and world.chance(slow) else 0.003)
            return
        raise WriteUnknown(str(write.new.ref))

    def _late(self, write: Write) -> None:
        if self.region not in self.world.lost:
            self._replication.make(self.region, write)

    # --- what happens to it ----------------------------------------------------------------------
    @contextmanager
    def _at_work(self) -> Iterator[None]:
        self.busy, self.world.running = True, self
        try:
            yield
        finally:
            self.busy, self.world.running = False, None

    @property
    def ready(self) -> bool:
        return not (self.busy or self.region in self.world.lost or self.world.crowded)

    def request(self, item_id: str) -> None:
        """Take a write of a user."""
        if not self.ready or self._told.closed:
            return
        world, life = self.world, self.world.lives[self.region]
        received = world.now + world.rng.uniform(-0.02, 0.02) if self._told.request_times else None
        asked = WriteRequest("replace", item_id, "text", "PUT", "", b"", HEADERS, received)
        with self._at_work():
            try:
                found = self.service.write(asked)
            except (WriteRefused, WriteUnknown, WriteConflict) as refusal:
                world.tell(f"{self.region} refuses: {type(refusal).__name__} {refusal}")
                return
        if life == world.lives[self.region] and self.region not in world.lost:
            self._told.acknowledged(self, found)  # type: ignore[arg-type]

    def freeze(self, seconds: float) -> None:
        """Freeze it between two requests, or stall it within one. Some of its clocks stand."""
        world = self.world
        if world.crowded:
            return
        both = self._told.request_times and not self.busy
        one = "boot" if self.wall_is_right else "wall"
        which = world.rng.choice((one, one, "both" if both else "neither"))
        begun_busy, self.busy = self.busy, True
        world.wait(seconds)
        self.busy = begun_busy
        self.clocks.stand(seconds, wall=which in ("wall", "both"), boot=which in ("boot", "both"))
        world.tell(f"{self.region}: frozen for {seconds:.1f} s, {which} stood")

    def beat(self) -> None:
        if (
            self.ready
            and self._told.store.copies[self.region][0]["active_region"]["S"] == self.region
        ):
            with self._at_work():
                self.pulse.serve()

    def keep(self) -> None:
        if self.ready:
            with self._at_work():
                self.keeper.keep(55)

    def look_at_switch(self) -> None:
        if self.ready:
            granted = self.last_resort.read() is not None
            with self._at_work():
                on = self.switch.on()
            if on and not granted:
                self._told.switched_on(self)


class Told:
    """What was acknowledged, sent and shown, each judged as it happens."""

    def __init__(self, world: World, store: Store) -> None:
        self.world, self.store = world, store
        self.request_times = world.chance(0.5)
        self.without_quorum: Any = "continue" if world.chance(0.15) else "refuse"
        self.writes: list[tuple[float, Item, str]] = []
        self.newest_epoch = 0
        self.slow_region = ""
        self.last_at = world.now
        self.closed = False

    def acknowledged(self, by: Environment, item: Item) -> None:
        authority = by.fence.last[0].authority
        self.world.tell(
            f"{by.region} acknowledges {item.write_id} in epoch {item.epoch}: {authority}"
        )
        self.writes.append((self.world.now, item, authority))
        self.last_at = self.world.now
        if authority != "quorum":
            return
        if item.epoch < self.newest_epoch:
            raise Violation(
                f"{by.region} acknowledges in epoch {item.epoch} after a newer epoch has"
            )
        if self.store.owners.get(item.epoch) != by.region:
            raise Violation(f"{by.region} acknowledges in an epoch that is not its own")
        self.newest_epoch = item.epoch

    def sent(self, by: Environment) -> None:
        permit = by.fence.last[1]
        read = permit.sent
        if isinstance(read, TrueStamp) and self.world.now - read.true > LEASE_SECONDS * (
            1 + 2 * RATE
        ):
            raise Violation(
                f"{by.region} sends a write {self.world.now - read.true:.2f} s after its read"
            )

    def switched_on(self, by: Environment) -> None:
        since = self.world.now - 120 * (1 + 2 * RATE) - 2
        if by.last_resort.read() is None and not self.store.active_since(by.region, since):
            raise Violation(f"the switch of {by.region} draws users, and it is not active")


@contextmanager
def virtual_time(world: World) -> Iterator[None]:
    """Take the moments and the ids of the product's code from the world."""

    def wall() -> float:
        return world.running.clocks.wall() if world.running else world.now

    def new_id(moment: float | None = None) -> str:
        """Make an id by API Gateway's clock, or by the environment's, as far as that may be off."""
        if moment is None:
            moment = min(max(wall(), world.now - IDS_OFF), world.now + IDS_OFF)
        return ulid_format.at(int(moment * 1000), world.number().to_bytes(10, "big"))

    def now() -> str:
        return text(wall())

    with patch.object(timestamps, "now", now), patch.object(ulid, "new", new_id):
        yield


def text(seconds: float) -> str:
    return timestamps.text(datetime.fromtimestamp(seconds, UTC))
