"""The items table: two replicas, each row replicated on its own, the last writer wins.

The ports of the product's ledger and proof are answered from memory.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pilotlight.items.writes import attributes, journal_key, transaction
from pilotlight.journal.comparison import Entry, Mark, Page, Version
from pilotlight.ledger import epoch_end
from pilotlight.ledger.reconciliation import Reconciliation
from pilotlight.ledger.stream_records import StreamBatch, parse

from tests.protocol.world import BETWEEN, PRIMARY, SECONDARY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pilotlight.items.writes import Item, Write
    from pilotlight.ledger.entry import LedgerEntry
    from pilotlight.ledger.epoch_end import Promotion

    from tests.protocol.store import Store
    from tests.protocol.world import World

OTHER = {PRIMARY: SECONDARY, SECONDARY: PRIMARY}
Row = tuple["Write", float, bool]


class Replica:
    """One Region's copy of the items and of the journal."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.written: dict[str, float] = {}
        self.journal: dict[str, dict[str, Write]] = {}
        self.known: dict[str, Write] = {}

    def hold(self, write: Write) -> None:
        new = write.new
        shard = journal_key(new.region, new.epoch, new.write_id)["pk"]["S"]
        self.journal.setdefault(shard, {})[new.write_id] = write
        self.known[new.write_id] = write

    # What ItemsTable and JournalLinks answer.
    def find(self, item_id: str) -> Item | None:
        return self.items.get(item_id)

    def find_many(self, item_ids: Iterable[str]) -> dict[str, Item]:
        return {i: self.items[i] for i in item_ids if i in self.items}

    def link(self, item: Item) -> Write | None:
        return self.known.get(item.write_id)

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
                Entry(w, write.new.id, write.new.version)
                for rows in shards
                for w, write in rows.items()
            ),
            key=lambda e: e.write_id,
        )

    def pages(self, after: str, until: str) -> list[Page]:
        return [Page(tuple(e for e in self._entries if after < e.write_id <= until))]

    def entries(self, after: str, until: str, at_most: int) -> list[Entry]:
        return [e for e in self._entries if after < e.write_id <= until]

    def versions(self, item_ids: Iterable[str]) -> dict[str, Version]:
        held = self._replica.items
        return {i: Version(held[i].version, held[i].write_id) for i in item_ids if i in held}


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
        self._unread: list[tuple[Write, Item | None, bool, float]] = []
        self._moving = 0

    def make(self, region: str, write: Write) -> bool:
        """Make the transaction of a write, and say whether it was made."""
        here = self.replicas[region]
        if here.items.get(write.new.id) != write.old or write.new.write_id in here.known:
            return write.new.write_id in here.known
        now = self._world.now
        here.items[write.new.id], here.written[write.new.id] = write.new, now
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
        there, old = self.replicas[target], None
        if of_item:
            if there.written.get(write.new.id, 0.0) >= written:
                return  # Nobody is told: neither a stream nor a metric.
            old = there.items.get(write.new.id)
            there.items[write.new.id], there.written[write.new.id] = write.new, written
        elif write.new.write_id in there.known:
            return
        else:
            there.hold(write)
        if target == SECONDARY:
            self._unread.append((write, old, of_item, self._world.now))
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
        for write, old, of_item, created in unread:
            other = old is not None and old.region != write.new.region
            if other or epoch_end.is_over(write.new, self._store.item):
                self._look(write, old, of_item, created)

    def _look(self, write: Write, old: Item | None, of_item: bool, created: float) -> None:
        row = attributes(write.new) if of_item else transaction(write, "items")[1]["Put"]["Item"]
        change: dict[str, Any] = {
            "Keys": {"pk": {"S": "I#" if of_item else "J#"}},
            "NewImage": row,
            "ApproximateCreationDateTime": int(created),
        }
        if old is not None:
            change["OldImage"] = attributes(old)
        StreamBatch(
            control_table=self,  # type: ignore[arg-type]
            journal=self.replicas[SECONDARY],  # type: ignore[arg-type]
            items=self.replicas[SECONDARY],  # type: ignore[arg-type]
            promotions=self.promotions,  # type: ignore[arg-type]
            ledger=self.ledger,  # type: ignore[arg-type]
        ).process(parse({"dynamodb": change}))

    def try_read(self) -> Any:
        return self._store.item

    def reconcile(self) -> None:
        """Compare all, in the Secondary, with both Regions answering."""
        done = Reconciliation(
            self._store.item,
            self.replicas,  # type: ignore[arg-type]
            SECONDARY,
            self.replicas[SECONDARY],  # type: ignore[arg-type]
            self.promotions,  # type: ignore[arg-type]
            self.ledger,  # type: ignore[arg-type]
        ).run(lambda: True, from_start=True)
        assert done.complete

    def history_of(self, item: Item | None) -> set[str]:
        """The truth, by both journals: the writes by which a version of an item came to be."""
        whole = self.replicas[PRIMARY].known | self.replicas[SECONDARY].known
        found: set[str] = set()
        while item is not None:
            found.add(item.write_id)
            item = whole[item.write_id].old
        return found
