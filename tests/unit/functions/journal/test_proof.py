"""The proof over whole journals: bounded, resumed, and never given for what did not arrive."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st
from pilot_light_client.journal import SHARDS, Ref, Version, shard_of
from pilot_light_client.journal_days import LEAST_DAYS
from pilot_light_client.timestamps import text
from pilot_light_client.ulid_format import at as ulid_at, lowest_of
from pilotlight.journal import proof as journal_proof
from pilotlight.journal.comparison import (
    HIGHEST,
    LOWEST,
    MARGIN_MS,
    Entry,
    Mark,
    Page,
    newest,
)
from pilotlight.journal.proof import JournalProof, Progress, TailsDiffer

from tests.unit.functions.fakes import PRIMARY, SECONDARY
from tests.unit.functions.journal.made_up import ref, version

if TYPE_CHECKING:
    from collections.abc import Iterable

T = 1_800_000_000_000
OLD = T - MARGIN_MS - 1000
DAY_MS = 86_400_000


def at_ms(moment: int) -> datetime:
    return datetime.fromtimestamp(moment / 1000, UTC)


@dataclass
class Replica:
    """A journal in memory, read page by page as DynamoDB's shards are."""

    written: list[Entry] = field(default_factory=list)
    items: dict[Ref, Version] = field(default_factory=dict)
    page: int = 2

    def pages(self, after: str, until: str) -> list[Page]:
        return [
            Page(tuple(s[: self.page]), s[self.page - 1].write_id if len(s) >= self.page else None)
            for s in self._shards(after, until)
        ]

    def entries(self, after: str, until: str, at_most: int) -> list[Entry]:
        """Stop within a shard as soon as it holds more than was asked for, and no later."""
        shards = self._shards(after, until)
        return [e for s in shards for e in [e for e in s if e.write_id > after][: at_most + 1]]

    def _shards(self, after: str, until: str) -> list[list[Entry]]:
        shards: list[list[Entry]] = [[] for _ in range(SHARDS)]
        for entry in sorted(self.written, key=lambda e: e.write_id):
            if after <= entry.write_id <= until:
                shards[shard_of(entry.write_id)].append(entry)
        return shards

    def versions(self, items: Iterable[Ref]) -> dict[Ref, Version]:
        return {i: self.items[i] for i in items if i in self.items}


class Kept:
    """The watermark, and everything it ever was."""

    def __init__(self) -> None:
        self.was = [Mark(LOWEST, 0)]

    def read(self) -> Mark:
        return self.was[-1]

    def advance(self, mark: Mark) -> None:
        assert mark.write_id > self.was[-1].write_id
        assert mark.compared >= self.was[-1].compared
        self.was.append(mark)


class World:
    """A source and a target of which a test decides what has arrived."""

    def __init__(self) -> None:
        self.source, self.target, self.kept, self.now = Replica(), Replica(), Kept(), T
        self.began: datetime | None = at_ms(T - 3_600_000)
        self._made = 0

    def write(self, item_id: str, at: int, *, arrives: bool = True) -> Entry:
        self._made += 1
        write_id, item = ulid_at(at, self._made.to_bytes(10, "big")), ref(item_id)
        last = self.source.items.get(item)
        made = version(last.number + 1 if last else 1, write_id)
        entry = Entry(write_id, item, made)
        for replica in (self.source, self.target) if arrives else (self.source,):
            replica.written.append(entry)
            replica.items[item] = made
        return entry

    def proof(self) -> JournalProof:
        replicas: Any = (self.source, self.target, self.kept)
        return JournalProof(
            (PRIMARY, SECONDARY), *replicas, lambda: self.began, clock=lambda: self.now
        )


@pytest.fixture
def world() -> World:
    return World()


# --- before the drain ----------------------------------------------------------------------------
def test_the_watermark_passes_over_what_is_equal_and_old(world: World) -> None:
    for n in range(40):
        world.write(f"i{n % 7}", OLD + n)
    found = world.proof().advance(60)
    assert (found.writes, found.complete) == (40, True)
    assert found.watermark == world.kept.read().write_id == lowest_of(T - MARGIN_MS)
    assert len(world.kept.was) > 3, "it is kept span by span"


def test_what_is_younger_than_the_margin_is_left_for_later(world: World) -> None:
    world.write("tea", OLD)
    world.write("tea", T - MARGIN_MS + 1, arrives=False)
    found = world.proof().advance(60)
    assert (found.writes, found.complete) == (1, True)
    assert found.watermark <= lowest_of(T - MARGIN_MS)


def test_the_source_may_be_ahead_of_what_is_old_while_it_serves(world: World) -> None:
    world.write("tea", OLD)
    world.write("tea", T, arrives=False)
    assert world.proof().advance(60).complete


def test_an_old_write_that_did_not_arrive_is_named_and_stops_the_watermark(world: World) -> None:
    for n in range(40):
        world.write(f"a{n}", OLD + n)
    lost = world.write("tea", OLD + 500, arrives=False)
    with pytest.raises(TailsDiffer, match=rf"1 writes of .* missing.*{lost.write_id}.*behind.*tea"):
        world.proof().advance(60)
    assert LOWEST < world.kept.read().write_id < lost.write_id


def test_a_long_history_takes_several_calls_and_each_goes_on_from_the_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_proof, "SPANS", 2)
    for n in range(60):
        world.write(f"i{n}", OLD + n)
    calls = []
    while not calls or not calls[-1].complete:
        calls.append(world.proof().advance(60))
    assert len(calls) > 3
    assert sum(c.writes for c in calls) == 60
    assert calls[-1].compared == world.kept.read().compared == 60
    assert [c.watermark for c in calls] == sorted({c.watermark for c in calls})


def test_a_call_ends_when_its_time_is_over(world: World) -> None:
    for n in range(60):
        world.write(f"i{n}", OLD + n)
    pages = world.source.pages

    def slow(after: str, until: str) -> list[Page]:
        world.now += 4000
        return pages(after, until)

    world.source.pages = slow  # type: ignore[method-assign]
    assert not world.proof().advance(5).complete
    assert world.now == T + 8000


def test_nothing_to_compare_is_caught_up(world: World) -> None:
    found = world.proof().advance(60)
    assert (found.writes, found.compared, found.complete) == (0, 0, True)
    again = world.proof().advance(60)
    assert (again.writes, again.complete, again.watermark) == (0, True, found.watermark)


# --- while the source is drained -----------------------------------------------------------------
def test_the_tail_reaches_to_the_last_write_and_the_watermark_does_not(world: World) -> None:
    world.write("tea", OLD)
    world.proof().advance(60)
    world.write("tea", T - 1)
    world.write("tea", T + 30_000)
    found = world.proof().tails(60)
    assert (found.writes, found.complete) == (2, True)
    assert found.watermark == lowest_of(T - MARGIN_MS)


@pytest.mark.parametrize("at", [OLD, T - 1, T + 30_000])
def test_a_write_of_the_tail_that_did_not_arrive_is_named(world: World, at: int) -> None:
    lost = world.write("tea", at, arrives=False)
    with pytest.raises(TailsDiffer, match=lost.write_id):
        world.proof().tails(60)


def test_an_item_that_did_not_arrive_is_named_though_all_entries_did(world: World) -> None:
    world.write("tea", T)
    world.target.items.clear()
    with pytest.raises(TailsDiffer, match=r"behind with 1 items \(.*tea\)"):
        world.proof().tails(60)


def test_the_item_as_the_drained_source_holds_it_counts_and_not_only_its_entry(
    world: World,
) -> None:
    world.write("tea", T)
    world.source.items[ref("tea")] = version(9, "of another epoch")
    with pytest.raises(TailsDiffer, match="tea"):
        world.proof().tails(60)


def test_what_lies_beyond_the_watermark_is_counted_once_however_often_it_is_compared(
    world: World,
) -> None:
    for n in range(20):
        world.write(f"i{n % 7}", OLD + n)
    for n in range(20):
        world.write(f"i{n % 7}", T - 20 + n)
    found = [world.proof().tails(60) for _ in range(3)]
    assert [(f.writes, f.compared) for f in found] == [(40, 40), (20, 40), (20, 40)]
    assert world.kept.read().compared == 20


def test_what_was_verified_before_the_drain_is_not_compared_again(world: World) -> None:
    world.write("tea", OLD)
    world.proof().advance(60)
    world.target.written.clear()
    found = world.proof().tails(60)
    assert (found.writes, found.compared) == (0, 1)


def in_steps(world: World) -> list[Progress]:
    """Compare the tail in as many calls as it takes."""
    calls: list[Progress] = []
    so_far: Mark | None = None
    while not calls or not calls[-1].complete:
        found = world.proof().tails(60, so_far)
        since = found.uncompared_since
        so_far = Mark(found.reached, found.compared, found.unreadable, since)
        calls.append(found)
    return calls


@pytest.mark.parametrize("at", [OLD, T], ids=["old", "young"])
def test_a_long_tail_takes_several_calls_and_no_entry_is_compared_twice(
    world: World, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Whether or not the watermark may follow."""
    monkeypatch.setattr(journal_proof, "SPANS", 2)
    for n in range(60):
        world.write(f"i{n}", at + n)
    calls = in_steps(world)
    assert len(calls) > 3
    assert sum(c.writes for c in calls) == calls[-1].compared == 60
    assert calls[-1].proven
    kept = world.kept.read()
    assert kept.compared == sum(e.write_id <= kept.write_id for e in world.source.written)


def test_a_write_that_did_not_arrive_is_named_by_the_call_that_gets_to_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_proof, "SPANS", 2)
    for n in range(60):
        world.write(f"i{n}", T + n)
    lost = world.write("tea", T + 60, arrives=False)
    with pytest.raises(TailsDiffer, match=lost.write_id):
        in_steps(world)


# --- whatever has arrived ------------------------------------------------------------------------
WRITES = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 90_000)), max_size=25)


@given(writes=WRITES, page=st.integers(2, 5), seen=st.data())
def test_it_is_proven_if_and_only_if_everything_arrived(
    writes: list[tuple[str, int]], page: int, seen: st.DataObject
) -> None:
    """Entries and items arrive in any order, each on its own, as partitions replicate."""
    world = World()
    for item_id, ago in sorted(writes, key=lambda w: -w[1]):
        world.write(item_id, T - ago)
    entries, items = world.target.written, world.target.items
    world.source.page = page
    world.target.written = seen.draw(st.permutations(entries))[: seen.draw(st.integers(0, 30))]
    chain = {i: [e for e in entries if e.item == i] for i in items}
    for item, made in chain.items():
        arrived = newest(made[: seen.draw(st.integers(0, len(made)))])
        world.target.items.pop(item)
        world.target.items |= arrived
    whole = set(world.target.written) == set(entries) and world.target.items == world.source.items
    try:
        found = world.proof().tails(60)
        proven = found.writes == found.compared == len(entries)
    except TailsDiffer:
        proven = False
    assert proven is whole


@given(writes=WRITES, page=st.integers(2, 5), lost=st.data())
def test_a_watermark_never_passes_a_write_that_did_not_arrive(
    writes: list[tuple[str, int]], page: int, lost: st.DataObject
) -> None:
    world = World()
    made = [world.write(i, T - ago) for i, ago in sorted(writes, key=lambda w: -w[1])]
    world.source.page = page
    if not made:
        return
    gone = lost.draw(st.sampled_from(made))
    world.target.written.remove(gone)
    try:
        world.proof().advance(60)
    except TailsDiffer as error:
        assert gone.write_id in str(error)
    assert world.kept.read().write_id < gone.write_id
    with pytest.raises(TailsDiffer):
        world.proof().tails(60)


@given(writes=WRITES, page=st.integers(2, 5))
def test_the_spans_of_a_journal_are_the_journal(writes: list[tuple[str, int]], page: int) -> None:
    world = World()
    made = [world.write(i, T - ago) for i, ago in sorted(writes, key=lambda w: -w[1])]
    world.source.page = page
    spans = [part for part, _ in world.proof()._spans(LOWEST, HIGHEST, drained=True)]
    assert [e for s in spans for e in s.entries] == made
    assert [s.last for s in spans] == [False] * (len(spans) - 1) + [True]


# --- entries that may have expired ----------------------------------------------------------------
KEPT_MS = (LEAST_DAYS - 1) * DAY_MS


def compared(world: World) -> dict[str, Any]:
    return journal_proof.compare_tails(world.proof(), None)


def test_a_journal_that_was_compared_in_time_is_proven_however_long_its_epoch_runs(
    world: World,
) -> None:
    world.began = at_ms(T - 1000 * DAY_MS)
    world.kept.was.append(Mark(lowest_of(T - KEPT_MS), 7))
    world.write("tea", T)
    found = compared(world)
    assert (found["proven"], found["compared"], found["uncompared_since"]) == (True, 8, "")


def test_entries_that_may_have_expired_before_they_were_compared_prove_nothing(
    world: World,
) -> None:
    since = T - KEPT_MS - 1000
    world.kept.was.append(Mark(lowest_of(since), 7))
    world.write("tea", T)
    found = compared(world)
    assert (found["complete"], found["proven"]) == (True, False)
    assert found["detail"] == (
        "Moved, unproven: a journal entry may expire after 35 days, and those of this epoch since "
        f"{text(at_ms(since))} were not compared in time."
    )


def test_what_was_not_compared_in_time_is_remembered_until_the_epoch_ends(world: World) -> None:
    world.kept.was.append(Mark(lowest_of(T - KEPT_MS - 1000), 7))
    world.write("tea", OLD)
    assert world.proof().advance(60).complete, "by schedule, as soon as it works again"
    assert world.kept.read().write_id == lowest_of(T - MARGIN_MS)
    world.now += DAY_MS
    assert not compared(world)["proven"]


@pytest.mark.parametrize(
    ("ago", "proven"), [(0, True), (KEPT_MS, True), (KEPT_MS + 1, False), (None, False)]
)
def test_without_a_watermark_it_counts_since_when_the_epoch_can_have_run(
    world: World, ago: int | None, *, proven: bool
) -> None:
    world.began = None if ago is None else at_ms(T - ago)
    world.write("tea", T)
    found = compared(world)
    assert found["proven"] is proven
    assert ("since its beginning" in found["detail"]) is (ago is None)


def test_a_tail_of_several_calls_is_as_unproven_as_its_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_proof, "SPANS", 2)
    world.began = None
    for n in range(60):
        world.write(f"i{n}", T + n)
    calls = in_steps(world)
    assert len(calls) > 3
    assert not calls[-1].proven


# --- rows that are not as we wrote them, and times from other clocks ----------------------------
def unreadable(world: World, entry: Entry) -> None:
    """Let something else have written an entry's row, in both Regions."""
    for replica in (world.source, world.target):
        replica.written[replica.written.index(entry)] = Entry(entry.write_id, None, None)


def test_an_unreadable_entry_holds_up_no_move_and_nothing_is_proven(world: World) -> None:
    world.write("tea", T)
    unreadable(world, world.write("milk", T))
    found = journal_proof.compare_tails(world.proof(), None)
    assert (found["complete"], found["compared"], found["unreadable"]) == (True, 2, 1)
    assert found["proven"] is False


def test_an_unreadable_entry_that_has_not_arrived_is_missing_all_the_same(world: World) -> None:
    entry = world.write("milk", T)
    unreadable(world, entry)
    world.target.written.clear()
    with pytest.raises(TailsDiffer, match=entry.write_id):
        world.proof().tails(60)


def test_an_unreadable_item_of_the_target_is_counted_and_not_behind(world: World) -> None:
    world.write("tea", T)
    world.target.items[ref("tea")] = version(0, "")
    assert (world.proof().tails(60).unreadable, world.proof().tails(60).proven) == (1, False)


def test_what_was_unreadable_before_the_drain_is_remembered_with_the_watermark(
    world: World,
) -> None:
    unreadable(world, world.write("milk", OLD))
    world.proof().advance(60)
    world.write("tea", T)
    assert world.kept.read().unreadable == 1
    assert world.proof().tails(60).proven is False


def test_a_watermark_of_a_clock_that_is_ahead_is_not_believed(world: World) -> None:
    world.write("tea", T, arrives=False)
    world.kept.was.append(Mark(lowest_of(T + 300_000), 7))
    with pytest.raises(TailsDiffer):
        world.proof().tails(60)
