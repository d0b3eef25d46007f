"""The items and journal tables: two replicas, each row replicated on its own, the last writer wins.

The ports of the product's ledger and proof are answered from memory.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from items.item import Item, from_journaled
from pilot_light_client.journal import (
    MARK,
    Ref,
    Version,
    Write,
    entry_key,
    mark_of,
    transaction,
)
from pilotlight.journal.comparison import HIGHEST, Entry, Mark, Page
from pilotlight.ledger import epoch_end
from pilotlight.ledger.entry import shard_of
from pilotlight.ledger.reconciliation import Reconciliation
from pilotlight.ledger.stream_records import StreamBatch, parse

from tests.protocol.world import BETWEEN, PRIMARY, SECONDARY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pilot_light_client.journal import Item as Journaled
    from pilotlight.ledger.entry import LedgerEntry
    from pilotlight.ledger.epoch_end import Promotion

    from tests.protocol.store import Store
    from tests.protocol.world import World

OTHER = {PRIMARY: SECONDARY, SECONDARY: PRIMARY}
Row = tuple["Write", float, bool]


class Replica:
    """One Region's copy of the items and of the journal."""

    def __init__(self) -> None:
        self.items: dict[Ref, Journaled] = {}
        self.written: dict[Ref, float] = {}
        self.journal: dict[str, dict[str, Write]] = {}
        self.known: dict[str, Write] = {}

    def hold(self, write: Write) -> None:
        made = write.new.version
        shard = entry_key(made.region, made.epoch, made.write_id)["pk"]["S"]
        self.journal.setdefault(shard, {})[write.id] = write
        self.known[write.id] = write

    # What AppItems and JournalLinks answer.
    def find(self, item: Ref) -> Journaled | None:
        return self.items.get(item)

    def find_many(self, items: Iterable[Ref]) -> dict[Ref, Journaled]:
        return {i: self.items[i] for i in items if i in self.items}

    def link(self, version: Version) -> Write | None:
        return self.known.get(version.write_id)

    # What the application reads.
    def read(self, item: Ref) -> tuple[Item | None, dict[str, Any] | None]:
        found = self.items.get(item)
        if found is None:
            return None, None
        return from_journaled(found), {**found.image, MARK: {"M": mark_of(found)}}

    def page(
        self, shard: str, after: str, upto: str, limit: int = 50
    ) -> tuple[list[Write], str | None]:
        there = self.journal.get(shard)
        if not there:
            return [], None
        ids = sorted(w for w in there if after < w <= upto)
        return [there[w] for w in ids[:limit]], ids[limit - 1] if len(ids) > limit else None


class JournalPort:
    """What `Journal` answers: a replica's journal of one Region and epoch."""

    def __init__(self, replica: Replica, region: str, epoch: int) -> None:
        self._replica = replica
        prefix = f"J#{region}#{epoch}#"
        shards = [rows for key, rows in replica.journal.items() if key.startswith(prefix)]
        self._entries = sorted(
            (
                Entry(w, write.new.ref, write.new.version)
                for rows in shards
                for w, write in rows.items()
            ),
            key=lambda e: e.write_id,
        )

    def pages(self, after: str, until: str) -> list[Page]:
        return [Page(tuple(e for e in self._entries if after < e.write_id <= until))]

    def entries(self, after: str, until: str, at_most: int) -> list[Entry]:
        return [e for e in self._entries if after < e.write_id <= until]

    def versions(self, items: Iterable[Ref]) -> dict[Ref, Version]:
        held = self._replica.items
        return {i: held[i].version for i in items if i in held}


class Watermark:
    """What `Watermark` keeps."""

    def __init__(self) -> None:
        self._mark = Mark("0" * 26, 0)

    def read(self) -> Mark:
        return self._mark

    def advance(self, mark: Mark) -> None:
        if mark.write_id > self._mark.write_id:
            self._mark = mark


class Ledger:
    """What `LedgerTable` keeps, by the same rules."""

    def __init__(self) -> None:
        self.kept: dict[str, LedgerEntry] = {}
        self._at: dict[str, Any] = {}

    def put(self, entry: LedgerEntry) -> bool:
        before = self.kept.get(entry.write_id, entry)
        if before.status == "open":
            self.kept[entry.write_id] = replace(entry, late=before.late or entry.late)
        return before.status == "open"

    def page(self, shard: int, after: str) -> tuple[list[LedgerEntry], str]:
        """Small pages, so that a pass has many pieces."""
        of_shard = [e for e in self.entries("open") if shard_of(e.write_id) == shard]
        left = [e for e in of_shard if e.write_id > after]
        return left[:2], left[1].write_id if len(left) > 2 else ""

    def first_to_come(self, shard: int) -> int:
        to_come = [e for e in self.entries() if shard_of(e.write_id) == shard and e.is_to_come]
        return min((e.write.new.version.epoch for e in to_come), default=0)

    def entries(self, status: str | None = None) -> list[LedgerEntry]:
        found = [e for e in self.kept.values() if status in (None, e.status)]
        return sorted(found, key=lambda e: e.write_id)

    def accept_all(self) -> None:
        self.kept = {w: replace(e, status="accepted") for w, e in self.kept.items()}

    def cursor(self) -> dict[str, Any]:
        return self._at

    def put_cursor(self, cursor: dict[str, Any]) -> None:
        self._at = cursor


class Promotions(dict[int, "Promotion"]):
    """What `Promotions` reads."""

    to = dict.get


class Replication:
    """Both replicas, and what is on its way between them."""

    def __init__(self, world: World, store: Store) -> None:
        self._world, self._store = world, store
        self.replicas = {PRIMARY: Replica(), SECONDARY: Replica()}
        self.ledger, self.promotions = Ledger(), Promotions()
        self.marks: dict[tuple[str, int], Watermark] = {}
        self.stalled = False
        self._waiting: list[tuple[str, Row]] = []
        self._unread: list[tuple[Write, float]] = []
        self._moving = 0

    def make(self, region: str, write: Write) -> bool:
        """Make the transaction of a write, and say whether it was made."""
        here = self.replicas[region]
        before = here.items.get(write.new.ref)
        if (before.version if before else None) != write.previous or write.id in here.known:
            return write.id in here.known
        now = self._world.now
        here.items[write.new.ref], here.written[write.new.ref] = write.new, now
        here.hold(write)
        for of_item in (True, False):
            row = (write, now, of_item)
            self._send(OTHER[region], row)
            if self._world.chance(0.05):
                self._send(OTHER[region], row)
        return True

    def settle(self) -> None:
        """Let everything that is on its way arrive."""
        while self._moving or self._waiting:
            self._world.run_until(self._world.now + 10)
        self.stream()

    def _send(self, target: str, row: Row) -> None:
        rng = self._world.rng
        delay = rng.random() * 60 if rng.random() < 0.05 else 0.05 + rng.random()
        self._moving += 1
        self._world.at(delay, lambda: self._come(target, row))

    def _come(self, target: str, row: Row) -> None:
        self._moving -= 1
        self._arrive(target, row)

    @property
    def works(self) -> bool:
        return not (self.stalled or self._world.lost & BETWEEN or BETWEEN in self._world.cut)

    def _arrive(self, target: str, row: Row) -> None:
        if not self.works:
            self._waiting.append((target, row))
            return
        write, written, of_item = row
        there, item = self.replicas[target], write.new.ref
        if of_item:
            # Where a later one is there, nobody is told: neither a stream nor a metric.
            if there.written.get(item, 0.0) < written:
                there.items[item], there.written[item] = write.new, written
            return
        if write.id in there.known:
            return
        there.hold(write)
        if target == SECONDARY:
            self._unread.append((write, self._world.now))
            self.stream()

    def go_on(self) -> None:
        """Deliver what waited for the link, in no order."""
        waiting, self._waiting = self._waiting, []
        self._world.rng.shuffle(waiting)
        for target, row in waiting:
            delay = self._world.rng.random() * 2
            self._moving += 1
            self._world.at(delay, lambda t=target, r=row: self._come(t, r))  # type: ignore[misc]

    def lag(self) -> float:
        """Return how far behind the Secondary is, as heartbeats would tell."""
        due = [row[1] for target, row in self._waiting if target == SECONDARY]
        return self._world.now - min(due) if due else 0.0

    def stream(self) -> None:
        """Let the Secondary's consumer look at what arrived, once it reads the control item."""
        if not self._unread or not self._world.answered(SECONDARY):
            return
        unread, self._unread = self._unread, []
        for write, created in unread:
            # The stream's filter lets only the Primary's entries pass.
            theirs = write.new.version.region == PRIMARY
            if theirs and epoch_end.is_over(write.new.version, self._store.item):
                self._look(write, created)

    def _look(self, write: Write, created: float) -> None:
        row = transaction(write, "journal", None)[1]["Put"]["Item"]
        change = {"NewImage": row, "ApproximateCreationDateTime": int(created)}
        arrival = parse({"dynamodb": {"Keys": {}, **change}})
        assert arrival
        StreamBatch(
            control_table=self,  # type: ignore[arg-type]
            journal=self.replicas[SECONDARY],  # type: ignore[arg-type]
            items=self.replicas[SECONDARY],  # type: ignore[arg-type]
            promotions=self.promotions,  # type: ignore[arg-type]
            ledger=self.ledger,  # type: ignore[arg-type]
        ).process(arrival)

    def try_read(self) -> Any:
        return self._store.item

    def to(self, _epoch: int) -> str:
        """What `Compared` reads: all was compared in time. A run lasts minutes."""
        return HIGHEST

    def reconcile(self) -> None:
        """Compare all, in the Secondary, with both Regions answering."""
        done = Reconciliation(
            self._store.item,
            self.replicas,  # type: ignore[arg-type]
            SECONDARY,
            self.replicas[SECONDARY],  # type: ignore[arg-type]
            self.promotions,  # type: ignore[arg-type]
            self.ledger,  # type: ignore[arg-type]
            self,  # type: ignore[arg-type]
            clock=lambda: int(self._world.now * 1000),
        ).run(lambda: True, from_start=True)
        assert done.complete

    def history_of(self, item: Journaled | None) -> set[str]:
        """The truth, by both journals: the writes by which a version of an item came to be."""
        whole = self.replicas[PRIMARY].known | self.replicas[SECONDARY].known
        version, found = item.version if item else None, set[str]()
        while version is not None:
            found.add(version.write_id)
            version = whole[version.write_id].previous
        return found
