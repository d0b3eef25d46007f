"""The control table as MRSC answers: one register, which a Region reaches only in company.

It speaks as a client of DynamoDB does, so that the product's own code calls it. A request may be
slow, lost, applied late, or applied again later.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ReadTimeoutError
from pilot_light_client.control_item import ControlItem
from pilotlight.control.table import seed_item

from tests.protocol.world import PRIMARY, SECONDARY, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.protocol.world import World

CONTROL, LAST_RESORT = "control-table", "last-resort-table"
READ_TIMEOUT = 0.5
Item = dict[str, Any]


def _error(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


def no_quorum() -> ClientError:
    return _error("InternalServerError", 500)


def not_as_seen() -> ClientError:
    return _error("ConditionalCheckFailedException", 400)


def silent() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="control table")


@cache
def _parsed(expression: str) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    sets, _, removes = expression.removeprefix("SET ").partition(" REMOVE ")
    pairs = tuple(tuple(part.split(" = ")) for part in sets.split(", "))
    return pairs, tuple(filter(None, removes.split(", ")))  # type: ignore[return-value]


class Store:
    """The items of the control table, each Region's own copy, and all that ever was."""

    def __init__(self, world: World, active: str, epoch: int) -> None:
        self.world = world
        self.control = seed_item(active, "2027-01-15T08:00:00Z", epoch)
        self.item = ControlItem.from_item(self.control)
        self.beat = 0
        self.copies = {PRIMARY: (self.control, 0), SECONDARY: (self.control, 0)}
        self.past: list[tuple[float, ControlItem]] = [(world.now, self.item)]
        self.owners = {epoch: active}
        self.resorts: dict[str, Item] = {}

    def apply(self, update: dict[str, Any]) -> Item:
        """Judge a conditional write and make it."""
        values = update["ExpressionAttributeValues"]
        if self.world.rules.compare_and_set and self.control["revision"] != values[":seen"]:
            raise not_as_seen()
        sets, removes = _parsed(update["UpdateExpression"])
        new = dict(self.control)
        for name, value in sets:
            new["state" if name == "#state" else name] = values[value]
        for name in removes:
            new.pop(name, None)
        self._changed(new)
        return new

    def _changed(self, new: Item) -> None:
        before, after = self.item, ControlItem.from_item(new)
        self.control, self.item = new, after
        self.world.tell(f"control {after}")
        if after.revision <= before.revision or after.epoch < before.epoch:
            raise Violation(f"went back: {before} -> {after}")
        owner = self.owners.setdefault(after.epoch, after.active_region)
        if owner != after.active_region:
            raise Violation(f"epoch {after.epoch} has two active Regions")
        self.past.append((self.world.now, after))
        for region in (PRIMARY, SECONDARY):
            self.world.at(self.world.leg(), lambda region=region: self.copy_to(region))

    def copy_to(self, region: str) -> None:
        """Bring a Region's own copy up to date, if it hears of anything."""
        if self.world.answered(region):
            self.copies[region] = (self.control, self.beat)

    def active_since(self, region: str, moment: float) -> bool:
        """Say whether a Region was active at any time from a moment on."""
        past = self.past
        after = [item for at, item in past if at > moment]
        before = past[-len(after) - 1][1] if len(after) < len(past) else past[0][1]
        return any(item.active_region == region for item in (before, *after))


class Client:
    """What the product's code in one Region talks to."""

    def __init__(self, store: Store, region: str) -> None:
        self._store, self._world, self._region = store, store.world, region

    def get_item(self, TableName: str, Key: Item, ConsistentRead: bool) -> Item:
        store, world, region = self._store, self._world, self._region
        if TableName == LAST_RESORT:
            world.wait(0.003)
            found = store.resorts.get(region)
            return {"Item": found} if found else {}
        pulse = Key["pk"]["S"] == "pulse"
        if not ConsistentRead:
            world.wait(0.003)
            control, beat = store.copies[region]
            return {"Item": {"beat": {"N": str(beat)}} if pulse else control}
        if world.slow and world.chance(world.slow):
            world.wait(world.rng.random() * 6)  # The lookup of the name, before anything is sent.
        self._arrive()
        answer = {"Item": {"beat": {"N": str(store.beat)}} if pulse else store.control}
        self._return()
        return answer

    def update_item(self, TableName: str, Key: Item, **update: Any) -> Item:
        store, world = self._store, self._world
        if Key["pk"]["S"] == "pulse":
            self._arrive()
            store.beat += 1
            for region in (PRIMARY, SECONDARY):
                store.copy_to(region)
            return {}
        self._arrive(update)
        new = store.apply(update)
        if world.chance(0.1):
            self._again(update)
        self._return()
        return {"Attributes": new}

    def delete_item(self, TableName: str, Key: Item, ReturnValues: str) -> Item:
        self._world.wait(0.003)
        found = self._store.resorts.pop(self._region, None)
        return {"Attributes": found} if found else {}

    def _arrive(self, update: dict[str, Any] | None = None) -> None:
        """Send a request. One that is given up may be applied all the same, later."""
        world = self._world
        way = world.leg()
        if way > READ_TIMEOUT and world.chance(0.5):
            if update is not None:
                self._again(update)
            world.wait(READ_TIMEOUT)
            raise silent()
        world.wait(way)
        if not world.answered(self._region):
            if update is not None and world.chance(0.5):
                self._again(update)
            if world.chance(0.5):
                raise no_quorum()
            world.wait(READ_TIMEOUT)
            raise silent()

    def _again(self, update: dict[str, Any]) -> None:
        world = self._world
        world.at(world.rng.expovariate(1 / 20), lambda: late(self._store, self._region, update))

    def _return(self) -> None:
        world = self._world
        way = world.leg()
        if way > READ_TIMEOUT and world.chance(0.5):
            world.wait(READ_TIMEOUT)
            raise silent()
        world.wait(way)  # A slow one that drips in, byte by byte, is not given up.
        if self._region in world.lost:
            raise silent()


def late(store: Store, region: str, update: dict[str, Any]) -> None:
    """Apply a copy of a request that comes late. Nobody waits for its answer."""
    if store.world.answered(region):
        try:
            store.apply(update)
        except ClientError:
            return


# --- the calls of state machines: they wait without keeping anybody else from running ------------
def read(store: Store, region: str) -> Iterator[float]:
    """Read strongly. Returns the item, or None after an error or a silence."""
    world = store.world
    yield world.leg()
    if not world.answered(region):
        yield 1.0
        return None
    found = store.item
    yield world.leg()
    return None if world.chance(0.03) else found


def ask(store: Store, region: str, update: dict[str, Any]) -> Iterator[float]:
    """Send a conditional write. Returns True if it was made, False if not, None if unknown."""
    world = store.world
    yield world.rng.random() * 8 if world.chance(0.2) else world.leg()
    if not world.answered(region) or world.chance(0.05):
        if world.chance(0.5):
            world.at(world.rng.expovariate(1 / 20), lambda: late(store, region, update))
        yield world.rng.random() * 5
        return None
    try:
        store.apply(update)
        made = True
    except ClientError:
        made = False
    if world.chance(0.1):
        world.at(world.rng.expovariate(1 / 20), lambda: late(store, region, update))
    slow = world.chance(0.2)
    yield world.rng.random() * 8 if slow else world.leg()
    return None if world.chance(0.05) else made
