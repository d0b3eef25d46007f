"""How far a pass over the journals goes: the running epoch, a pass from the start, its counts."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pilot_light_client.journal import SHARDS
from pilot_light_client.timestamps import text
from pilot_light_client.ulid_format import at as ulid_at, lowest_of
from pilotlight.journal.comparison import LOWEST
from pilotlight.journal.history import History
from pilotlight.ledger.epoch_end import Promotion
from pilotlight.ledger.request import checked

from tests.unit.functions.fakes import PRIMARY, SECONDARY
from tests.unit.functions.journal.made_up import ref
from tests.unit.functions.ledger.diverged_regions import (
    DivergedRegions,
    MemoryLinks,
    MemoryPromotions,
)

# The id of what is told of an epoch as a whole.
EPOCH_1 = ulid_at(0, (1).to_bytes(10, "big"))


@pytest.fixture
def world() -> DivergedRegions:
    """A promotion after which all has arrived, the Primary's last write too."""
    found = DivergedRegions()
    for item_id in "abc":
        found.write(PRIMARY, item_id)
        found.tick()
    arrive(found)
    found.promote()
    return found


def arrive(world: DivergedRegions) -> None:
    while world.on_the_way:
        world.deliver(0)
        world.tick()


def kinds(world: DivergedRegions) -> dict[str, set[str]]:
    return {e.write_id: set(e.kinds) for e in world.ledger.entries()}


def test_the_stream_counts_what_it_put_in_the_ledger(world: DivergedRegions) -> None:
    assert world.streamed == 0
    world.write(PRIMARY, "a", epoch=1)
    arrive(world)
    assert world.streamed == 1, "the item came first, and its entry was not here yet"


def test_a_page_of_the_other_region_is_read_here_at_once(world: DivergedRegions) -> None:
    assert world.reconcile().complete
    own, other = (world.journals[r].pages_read for r in (SECONDARY, PRIMARY))
    assert sum(other) == 3
    assert len(own) == 2 * SHARDS + sum(map(bool, other)), "its own shards of two epochs come to it"


def test_what_a_region_that_is_not_active_wrote_in_the_running_epoch_is_found(
    world: DivergedRegions,
) -> None:
    """A person let it write without a quorum, and the active Region overwrote it unseen."""
    lost = world.write(PRIMARY, "a", epoch=2)
    world.on_the_way.clear()
    world.tick()
    world.write(SECONDARY, "a")
    assert world.reconcile().complete
    assert kinds(world) == {lost.id: {"late", "lost"}}


def test_what_such_a_write_overwrote_of_the_active_region_is_found_too(
    world: DivergedRegions,
) -> None:
    overwritten = world.write(SECONDARY, "a")
    world.on_the_way.clear()
    world.tick()
    late = world.write(PRIMARY, "a", epoch=2)
    world.items[SECONDARY][ref("a")] = late.new
    world.journals[SECONDARY].hold(late)
    assert world.reconcile().complete
    assert "lost" in kinds(world)[overwritten.id]


def test_what_only_the_active_region_wrote_in_the_running_epoch_is_not_read() -> None:
    """Nobody can have overwritten it, and it grows without end."""
    world = DivergedRegions()
    for item_id in "abc":
        world.write(PRIMARY, item_id)
        world.tick()
    arrive(world)
    assert world.reconcile().writes == 0
    world.write(SECONDARY, "a", epoch=1)
    assert world.reconcile().writes == 4


def test_a_pass_tells_how_many_entries_it_compared_also_where_it_took_pieces(
    world: DivergedRegions,
) -> None:
    whole = world.reconcile(from_start=True)
    assert whole.writes >= 3
    world.ledger.at = {}
    found = world.reconcile(1)
    counts = [found.writes]
    while not found.complete:
        found = world.reconcile(3)
        counts.append(found.writes)
    assert len(counts) > 3
    assert counts == sorted(counts)
    assert found.writes == whole.writes


def test_where_nothing_was_ever_written_nothing_was_compared() -> None:
    world = DivergedRegions()
    world.promote()
    found = world.reconcile()
    assert (found.complete, found.writes) == (True, 0)


def test_a_pass_anew_begins_at_the_first_epoch_whatever_was_compared_before(
    world: DivergedRegions,
) -> None:
    """An entry of long ago may have come in since, or the ledger may have been lost."""
    world.control = world.control.__class__(9, SECONDARY, 5, "serving")
    assert world.reconcile().complete
    lost = world.write(PRIMARY, "a", epoch=1)
    world.on_the_way.clear()
    assert world.reconcile().complete
    assert kinds(world) == {}, "only the last change is compared again"
    assert not world.reconcile(1, from_start=True).complete
    while not world.reconcile(50).complete:
        pass
    assert kinds(world) == {lost.id: {"late"}}


# --- entries that expire -------------------------------------------------------------------------
def expired(world: DivergedRegions) -> list[str]:
    return [e.history.detail for e in world.ledger.entries() if e.write.unreadable]


def test_an_entry_that_is_in_one_region_alone_because_it_expired_is_no_finding(
    world: DivergedRegions,
) -> None:
    world.journals[SECONDARY].entries.clear()
    world.now += timedelta(days=34, minutes=-1)
    assert world.reconcile().complete
    assert set(map(frozenset, kinds(world).values())) == {frozenset({"late"})}
    world.ledger.kept.clear()
    world.now += timedelta(minutes=2)
    assert world.reconcile().complete
    assert kinds(world) == {}


def test_an_epoch_that_is_compared_too_late_says_that_it_cannot_name_everything(
    world: DivergedRegions,
) -> None:
    """It is an entry for a person, so that no failback goes on before it is accepted."""
    world.promotions[2] = replace(world.promotions[2], lag=None)
    last_compared = world.now - timedelta(minutes=2)
    world.compared[1] = lowest_of(int(last_compared.timestamp() * 1000))
    world.now += timedelta(days=34)
    assert world.reconcile().complete
    (told,) = expired(world)
    assert told.startswith(f"Entries of epoch 1 since {text(last_compared)} may have expired")
    (entry,) = world.ledger.entries()
    assert (entry.kinds, entry.status, entry.write_id) == (("unknown",), "open", EPOCH_1)
    assert checked({"action": "accept", "write_ids": [entry.write_id], "by": "Ada"}) == "accept"
    world.reconcile(from_start=True)
    assert len(expired(world)) == 1


def test_what_was_compared_in_time_is_named_for_ever(world: DivergedRegions) -> None:
    world.promotions[2] = replace(world.promotions[2], lag=None)
    world.compared[1] = lowest_of(int(world.now.timestamp() * 1000))
    assert world.reconcile().complete
    world.now += timedelta(days=1000)
    for from_start in (False, True):
        assert world.reconcile(from_start=from_start).complete
    assert expired(world) == []


def test_a_cursor_of_too_few_pieces_says_it_too(world: DivergedRegions) -> None:
    """A pass that stopped within the epoch has not named it."""
    world.compared[1] = LOWEST
    assert not world.reconcile(1).complete
    world.ledger.at |= {"epoch": 1, "step": 0, "after": ""}
    world.now += timedelta(days=1000)
    while not world.reconcile(5).complete:
        pass
    assert len(expired(world)) == 1


@pytest.mark.parametrize(("proven", "told"), [(True, 0), (False, 1)])
def test_an_epoch_that_ended_by_a_proven_move_lost_nothing(
    world: DivergedRegions, told: int, *, proven: bool
) -> None:
    world.promotions[2] = Promotion(at=world.now, proven=proven)
    world.compared[1] = lowest_of(int(world.now.timestamp() * 1000))
    world.now += timedelta(days=35)
    assert world.reconcile().complete
    assert len(expired(world)) == told


def test_an_epoch_that_began_a_short_while_ago_has_nothing_that_can_have_expired(
    world: DivergedRegions,
) -> None:
    world.promotions = MemoryPromotions({1: Promotion(at=world.now), 2: Promotion(at=world.now)})
    world.compared[1] = LOWEST
    world.now += timedelta(days=33)
    assert world.reconcile().complete
    assert expired(world) == []


def test_an_epoch_of_which_nobody_knows_anything_is_told_of_from_its_beginning(
    world: DivergedRegions,
) -> None:
    world.promotions.clear()
    world.compared[1] = LOWEST
    world.control = replace(world.control, changed_at=None)
    world.reconcile()
    assert "epoch 1 since its beginning may have expired" in expired(world)[0]


def test_a_late_write_names_what_it_overwrote_however_many_epochs_later(
    world: DivergedRegions,
) -> None:
    world.control = replace(world.control, epoch=4)
    overwritten = world.write(SECONDARY, "a", epoch=4)
    world.on_the_way.clear()
    world.tick()
    late = world.write(PRIMARY, "a", epoch=1)
    world.items[SECONDARY][ref("a")] = late.new
    world.journals[SECONDARY].hold(late)
    assert world.reconcile(from_start=True).complete
    assert "lost" in kinds(world)[overwritten.id]


def test_a_pass_reads_each_journal_once_however_many_epochs_there_are() -> None:
    """Each of them lies within the hour by which clocks may differ, and none has a record."""

    def pages(epochs: int) -> int:
        world = DivergedRegions()
        for epoch in range(1, epochs + 1):
            world.write((PRIMARY, SECONDARY)[epoch % 2], "a", epoch=epoch)
            world.tick()
        world.control = replace(world.control, epoch=epochs)
        assert world.reconcile(from_start=True).complete
        return sum(len(journal.pages_read) for journal in world.journals.values())

    assert pages(40) - pages(20) == pages(60) - pages(40)


def test_an_epoch_that_was_closed_in_the_midst_of_a_pass_is_read_from_its_beginning(
    world: DivergedRegions,
) -> None:
    """While it was the running one, what its active Region wrote was not read."""
    lost = world.write(SECONDARY, "a")
    world.on_the_way.clear()
    pieces = 0
    while world.ledger.at.get("epoch") != 2 or world.ledger.at.get("step") != 7:
        assert not world.reconcile(1, from_start=not pieces).complete
        pieces += 1
    world.control = replace(world.control, epoch=3, active_region=PRIMARY)
    other = replace(lost.new.version, write_id="01" + "Z" * 24)
    world.items[SECONDARY][ref("a")] = replace(lost.new, version=other)
    assert world.reconcile().complete
    assert "lost" in kinds(world)[lost.id]


@pytest.mark.parametrize("odd", ["0", "0-odd", "00000000000000000000000000x", "zebra", "é"])
def test_an_entry_whose_id_is_no_ulid_is_compared_and_holds_nothing_up(
    world: DivergedRegions, odd: str
) -> None:
    lost = world.write(PRIMARY, "a", epoch=2)
    world.on_the_way.clear()
    world.tick()
    world.write(SECONDARY, "a")
    made = replace(lost.new, ref=ref("b"), version=replace(lost.new.version, write_id=odd))
    world.journals[PRIMARY].hold(replace(lost, new=made))
    for _ in range(2):
        assert world.reconcile(from_start=True).complete
    assert kinds(world)[lost.id] == {"late", "lost"}
    assert odd in kinds(world)


def test_a_pass_that_is_stopped_goes_on_from_where_it_was_however_little_it_found(
    world: DivergedRegions,
) -> None:
    """What an earlier pass stored would make a pass from the start leave out the first epochs."""
    assert world.reconcile().complete
    assert not world.reconcile(1, from_start=True).complete
    assert world.ledger.cursor()["epoch"] == 1


def test_the_parts_of_an_epoch_that_is_over_are_read_side_by_side(
    world: DivergedRegions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other, each would take a round trip to the other Region, with users waiting."""
    together, page, first = threading.Barrier(8, timeout=5), MemoryLinks.page, iter(range(8))

    def met(self: MemoryLinks, *given: Any) -> Any:
        if next(first, None) is not None:
            together.wait()
        return page(self, *given)

    monkeypatch.setattr(MemoryLinks, "page", met)
    assert world.reconcile(from_start=True).complete
    assert next(first, None) is None


@pytest.mark.parametrize("arrives", [False, True], ids=["still to come", "arrived"])
def test_a_pass_goes_on_from_the_epoch_of_what_is_still_to_come(
    world: DivergedRegions, *, arrives: bool
) -> None:
    """So does a failback in its drain, where nobody may wait for all epochs to be compared."""
    late = world.write(PRIMARY, "a", epoch=1)
    world.on_the_way.clear()
    world.tick()
    overwritten = world.write(SECONDARY, "a", epoch=2)
    world.on_the_way.clear()
    world.control = replace(world.control, epoch=9)
    assert world.reconcile(from_start=True).complete
    for name, entry in world.ledger.kept.items():
        history = History("kept", "") if arrives else entry.history
        accepted = replace(entry, status="accepted", arrived_at="then", history=history)
        world.ledger.kept[name] = accepted
    assert world.reconcile().complete
    assert world.ledger.cursor()["epoch"] == (8 if arrives else 1)
    world.items[SECONDARY][ref("a")] = late.new
    world.journals[SECONDARY].hold(late)
    assert world.reconcile().complete
    assert ("lost" in kinds(world).get(overwritten.id, set())) is not arrives
