"""The look after a promotion: which items of the other Region's last epoch are missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pilot_light_client.journal import SHARDS, unreadable_item

from tests.unit.functions.fakes import PRIMARY, SECONDARY
from tests.unit.functions.journal.made_up import ref
from tests.unit.functions.ledger.diverged_regions import DivergedRegions, key


@pytest.fixture
def world() -> DivergedRegions:
    """The Primary wrote six items; all entries arrived, and none of the items."""
    found = DivergedRegions()
    for item_id in "abcdef":
        found.write(PRIMARY, item_id)
        found.tick()
    for copy in [c for c in found.on_the_way if not c.of_item]:
        found.deliver(found.on_the_way.index(copy))
    return found


def kinds(world: DivergedRegions) -> dict[str, set[str]]:
    return {e.write.new.ref.key: set(e.kinds) for e in world.ledger.entries()}


def test_a_write_whose_item_is_missing_is_late_and_stays_so_once_it_has_arrived(
    world: DivergedRegions,
) -> None:
    world.promote()
    look = world.note_missing()
    assert (look.complete, look.looked_at, look.missing) == (True, 6, 6)
    while world.on_the_way:
        world.deliver(0)
    assert world.reconcile().complete
    assert kinds(world) == {ref(i).key: {"late"} for i in "abcdef"}
    assert {e.history.verdict for e in world.ledger.entries()} == {"kept"}


def test_what_has_arrived_is_not_late(world: DivergedRegions) -> None:
    while world.on_the_way:
        world.deliver(0)
    world.promote()
    look = world.note_missing()
    assert (look.looked_at, look.missing) == (6, 0)
    assert kinds(world) == {}


def test_a_look_that_runs_out_of_time_says_so_and_has_the_newest_writes(
    world: DivergedRegions,
) -> None:
    for _ in range(10 * SHARDS):
        world.write(PRIMARY, "x")
        world.tick()
    for copy in [c for c in world.on_the_way if not c.of_item]:
        world.deliver(world.on_the_way.index(copy))
    world.promote()
    look = world.note_missing(pieces=SHARDS)
    assert not look.complete
    found = {w.id for w in world.acknowledged if w.id in world.ledger.kept}
    assert len(found) == look.missing == 2 * SHARDS, "a page of each shard"
    assert max(w.id for w in world.acknowledged) in found
    assert world.acknowledged[0].id not in found


def test_what_was_written_long_before_the_outage_is_not_read(world: DivergedRegions) -> None:
    world.now += timedelta(hours=1)
    world.write(PRIMARY, "new")
    copies = world.on_the_way
    copies[:] = [copy for copy in copies if copy.sent_at == world.now]
    world.deliver(1)
    world.promote()
    assert world.note_missing().looked_at == 1


def test_without_a_lag_on_record_all_of_the_epoch_counts(world: DivergedRegions) -> None:
    world.promote()
    world.promotions[2] = replace(world.promotions[2], lag=None)
    world.now += timedelta(hours=1)
    assert world.note_missing().looked_at == 6


def test_an_entry_and_an_item_that_cannot_be_read_are_left_to_reconciling(
    world: DivergedRegions,
) -> None:
    first, second, *_ = world.acknowledged
    world.promote()
    unreadable = replace(first.new, version=replace(first.new.version, number=0))
    entries = world.journals[SECONDARY].entries
    entries[key(first.new.version)] = replace(first, new=unreadable)
    world.items[SECONDARY][second.new.ref] = unreadable_item(second.new.ref)
    assert world.note_missing().missing == 4


def test_a_write_that_is_resolved_is_not_opened_again(world: DivergedRegions) -> None:
    world.promote()
    world.note_missing()
    for name, entry in world.ledger.kept.items():
        world.ledger.kept[name] = replace(entry, status="accepted")
    assert world.note_missing().missing == 0
