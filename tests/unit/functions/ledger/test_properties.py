"""What holds however writes, losses and late arrivals interleave: nothing acknowledged vanishes."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import event, given, settings, strategies as st

from tests.unit.functions.fakes import PRIMARY, SECONDARY
from tests.unit.functions.ledger.diverged_regions import DivergedRegions

ITEM_IDS = st.sampled_from("ab")
DELIVERY = st.tuples(st.just("deliver"), st.integers(0, 30))
WRITE = st.tuples(st.just(PRIMARY), ITEM_IDS)
BOTH = st.tuples(st.sampled_from([PRIMARY, PRIMARY, SECONDARY]), ITEM_IDS)
BEFORE = st.lists(st.one_of(WRITE, DELIVERY), max_size=14)
AFTER = st.lists(st.one_of(BOTH, DELIVERY), max_size=24)
STEPS = st.sampled_from([timedelta(seconds=1), timedelta(seconds=20)])
SKEWS = st.integers(-50, 50).map(lambda s: timedelta(seconds=s))


def lived(before: list, after: list, step: timedelta, skew: timedelta) -> DivergedRegions:
    """A world after a promotion in the midst of things: the Primary writes on for a while."""
    world = DivergedRegions(step, skew)
    for happening in before:
        happen(world, *happening)
    world.promote()
    assert world.note_missing().complete
    for happening in after:
        happen(world, *happening)
    return world


def happen(world: DivergedRegions, what: str, which: str | int) -> None:
    if isinstance(which, str):
        world.write(what, which)
    elif world.on_the_way:
        world.deliver(which)
    world.tick()


def expected(world: DivergedRegions) -> dict[str, set[str]]:
    """By write id, the kinds of every entry that the ledger has to have."""
    found: dict[str, set[str]] = {}
    for write in world.acknowledged:
        name, current = write.id, world.items[SECONDARY].get(write.new.ref)
        kept, mine = name in world.before(current), world.before(write.new)
        parted = current is not None and not kept and current.version.write_id not in mine
        arrived = world.journals[SECONDARY].link(write.new.version) is not None
        missing = write.new.version.region == PRIMARY and not (arrived and (kept or parted))
        late = missing or name in world.arrived_late | world.missing
        kinds = {"late"} if late else set()
        kinds |= {"lost"} if parted else set()
        if kinds:
            found[name] = kinds
    return found


def told(world: DivergedRegions) -> dict[str, set[str]]:
    return {e.write_id: set(e.kinds) for e in world.ledger.entries()}


@settings(max_examples=200)
@given(BEFORE, AFTER, STEPS, SKEWS)
def test_when_all_has_arrived_the_ledger_has_exactly_what_came_late_or_is_lost(
    before: list, after: list, step: timedelta, skew: timedelta
) -> None:
    world = lived(before, after, step, skew)
    while world.on_the_way:
        world.deliver(0)
        world.tick()
    assert world.reconcile().complete
    assert told(world) == expected(world)
    newer = any(e.write.new.version.epoch == 2 for e in world.ledger.entries())
    event(f"lost of the newer epoch: {newer}")


@settings(max_examples=200)
@given(BEFORE, AFTER, STEPS, SKEWS)
def test_every_acknowledged_write_was_there_in_time_or_is_in_the_ledger(
    before: list, after: list, step: timedelta, skew: timedelta
) -> None:
    """Also while some are still on their way: the Primary's journal tells of them."""
    world = lived(before, after, step, skew)
    assert world.reconcile().complete
    assert told(world) == expected(world)
    for write in world.acknowledged:
        name, current = write.id, world.items[SECONDARY].get(write.new.ref)
        in_time = name in world.before(current) and name not in world.arrived_late | world.missing
        assert in_time or name in told(world)


@settings(max_examples=100)
@given(BEFORE, AFTER, STEPS, SKEWS, st.integers(1, 5))
def test_a_pass_in_pieces_finds_the_same_as_one_at_once(
    before: list, after: list, step: timedelta, skew: timedelta, pieces: int
) -> None:
    whole, parted = (lived(before, after, step, skew) for _ in range(2))
    assert whole.reconcile().complete
    passes = 1
    while not parted.reconcile(pieces).complete:
        passes += 1
    assert passes > 3
    names = {w.id: n for n, w in enumerate(whole.acknowledged)}
    others = {w.id: n for n, w in enumerate(parted.acknowledged)}
    assert {others[k]: v for k, v in told(parted).items()} == {
        names[k]: v for k, v in told(whole).items()
    }


@settings(max_examples=100)
@given(BEFORE)
def test_without_a_promotion_the_ledger_is_empty(before: list) -> None:
    world = DivergedRegions()
    for happening in before:
        happen(world, *happening)
    assert world.reconcile().complete
    assert world.ledger.entries() == []


@settings(max_examples=100)
@given(BEFORE, st.lists(st.tuples(st.just(SECONDARY), ITEM_IDS), max_size=10))
def test_what_was_there_before_the_promotion_and_stays_is_not_in_the_ledger(
    before: list, after: list
) -> None:
    world = DivergedRegions()
    for happening in before:
        happen(world, *happening)
    while world.on_the_way:
        world.deliver(0)
        world.tick()
    world.promote()
    for happening in after:
        happen(world, *happening)
    while world.on_the_way:
        world.deliver(0)
        world.tick()
    assert world.reconcile().complete
    assert world.ledger.entries() == []
