"""Two Regions in memory, torn: rows are copied late, in any order, the last writer wins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pilot_light_client import ulid
from pilot_light_client.control_item import ControlItem
from pilot_light_client.journal import (
    Item,
    Ref,
    Version,
    Write,
    entry_key,
    mark_of,
    plan,
    transaction,
)
from pilot_light_client.timestamps import text
from pilotlight.journal.comparison import HIGHEST
from pilotlight.ledger.entry import shard_of
from pilotlight.ledger.epoch_end import Promotion
from pilotlight.ledger.missing_items import LookResult, MissingItems
from pilotlight.ledger.reconciliation import ReconcileResult, Reconciliation
from pilotlight.ledger.stream_records import StreamBatch, parse

from tests.unit.functions.fakes import JOURNAL, PRIMARY, SECONDARY
from tests.unit.functions.journal.made_up import ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pilotlight.ledger.entry import LedgerEntry

START = datetime(2027, 1, 15, 8, tzinfo=UTC)
FIRST = ControlItem(1, PRIMARY, 1, "serving", changed_at=text(START))


class MemoryLinks:
    """What `JournalLinks` reads."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Write] = {}
        # How many entries each page had that was read.
        self.pages_read: list[int] = []

    def hold(self, write: Write) -> None:
        self.entries[key(write.new.version)] = write

    def link(self, version: Version) -> Write | None:
        return self.entries.get(key(version))

    def page(
        self, shard: str, after: str, upto: str, limit: int = 2
    ) -> tuple[list[Write], str | None]:
        """Small pages, so that a pass has many pieces."""
        ids = sorted(w for s, w in self.entries if s == shard and after < w <= upto)
        self.pages_read.append(len(ids[:limit]))
        last = ids[limit - 1] if len(ids) > limit else None
        return [self.entries[shard, w] for w in ids[:limit]], last

    def newest(self, shard: str, since: str) -> Iterator[list[Write]]:
        ids = sorted((w for s, w in self.entries if s == shard and w > since), reverse=True)
        for n in range(0, len(ids), 2):
            yield [self.entries[shard, w] for w in ids[n : n + 2]]


class MemoryItems(dict[Ref, Item]):
    """What `AppItems` reads."""

    def find(self, item: Ref) -> Item | None:
        return self.get(item)

    def find_many(self, items: Iterable[Ref]) -> dict[Ref, Item]:
        return {i: self[i] for i in items if i in self}


class MemoryLedger:
    """What `LedgerTable` keeps, by the same rules."""

    def __init__(self) -> None:
        self.kept: dict[str, LedgerEntry] = {}
        self.at: dict[str, Any] = {}

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

    def cursor(self) -> dict[str, Any]:
        return self.at

    def put_cursor(self, cursor: dict[str, Any]) -> None:
        self.at = cursor


class MemoryPromotions(dict[int, Promotion]):
    """What `Promotions` reads."""

    to = dict.get


class MemoryCompared(dict[int, str]):
    """What `Compared` reads: all of an epoch, unless a test says how far."""

    def to(self, epoch: int) -> str:
        return self.get(epoch, HIGHEST)


@dataclass(frozen=True)
class Copy:
    """One row on its way to the other Region."""

    target: str
    write: Write
    of_item: bool
    sent_at: datetime


@dataclass
class DivergedRegions:
    """The Primary writes in epoch 1, the Secondary, once promoted, in epoch 2."""

    step: timedelta = timedelta(seconds=1)
    skew: timedelta = timedelta(0)
    now: datetime = START
    control: ControlItem = FIRST
    items: dict[str, MemoryItems] = field(default_factory=dict)
    journals: dict[str, MemoryLinks] = field(default_factory=dict)
    on_the_way: list[Copy] = field(default_factory=list)
    acknowledged: list[Write] = field(default_factory=list)
    arrived_late: set[str] = field(default_factory=set)
    # Of the writes whose entries were there at the promotion, those whose items were not.
    missing: set[str] = field(default_factory=set)
    streamed: int = 0
    compared: MemoryCompared = field(default_factory=MemoryCompared)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    promotions: MemoryPromotions = field(default_factory=MemoryPromotions)

    def __post_init__(self) -> None:
        self.items = {r: MemoryItems() for r in (PRIMARY, SECONDARY)}
        self.journals = {r: MemoryLinks() for r in (PRIMARY, SECONDARY)}

    def tick(self) -> None:
        self.now += self.step

    def write(self, region: str, item_id: str, epoch: int | None = None) -> Write:
        """A write that its Region acknowledges. The Primary's clock is off by the skew."""
        written_at = self.now + (self.skew if region == PRIMARY else timedelta(0))
        item, current = ref(item_id), self.items[region].get(ref(item_id))
        write = plan(
            item,
            {"text": {"S": f"{len(self.acknowledged)}"}},
            {"pilot_light": {"M": mark_of(current)}} if current else None,
            region=region,
            epoch=epoch or (1 if region == PRIMARY else 2),
            write_id=ulid.new(written_at.timestamp()),
            at=text(written_at),
        )
        self.items[region][item] = write.new
        self.journals[region].hold(write)
        target = SECONDARY if region == PRIMARY else PRIMARY
        self.on_the_way += [Copy(target, write, kind, self.now) for kind in (True, False)]
        self.acknowledged.append(write)
        return write

    def promote(self) -> None:
        self.control = ControlItem(3, SECONDARY, 2, "serving", changed_at=text(self.now))
        due = [c.sent_at for c in self.on_the_way if c.target == SECONDARY]
        torn = min([*due, self.now]) + min(self.skew, timedelta(0))
        self.promotions[2] = Promotion(self.now, torn, timedelta(0))
        self.missing = {w.id for w in self.acknowledged if self._is_missing(w)}

    def _is_missing(self, write: Write) -> bool:
        """The truth: its entry is in the Secondary, and its item has not come so far."""
        item = self.items[SECONDARY].get(write.new.ref)
        if self.journals[SECONDARY].link(write.new.version) is None or write.id in self.before(
            item
        ):
            return False
        return item is None or item.version.write_id in self.before(write.new)

    def note_missing(self, pieces: int = 10_000) -> LookResult:
        left = iter(range(pieces))
        return MissingItems(
            self.control,
            self.journals[SECONDARY],  # type: ignore[arg-type]
            self.items[SECONDARY],  # type: ignore[arg-type]
            self.promotions,  # type: ignore[arg-type]
            self.ledger,  # type: ignore[arg-type]
            PRIMARY,
        ).note(lambda: next(left, None) is not None)

    def deliver(self, number: int) -> None:
        """Deliver any one; of one item's own copies the oldest comes first."""
        chosen = self.on_the_way[number % len(self.on_the_way)]
        if chosen.of_item:
            row = (chosen.target, chosen.write.new.ref, True)
            same = [c for c in self.on_the_way if (c.target, c.write.new.ref, c.of_item) == row]
            chosen = same[0]
        self.on_the_way.remove(chosen)
        self._hold(chosen)

    def _hold(self, copy: Copy) -> None:
        write, items = copy.write, self.items[copy.target]
        before = items.get(write.new.ref) if copy.of_item else None
        if before and clock(before) > clock(write.new):
            return  # Nobody is told: neither a stream nor a metric.
        if copy.of_item:
            items[write.new.ref] = write.new
            return
        if copy.target == SECONDARY and self.control.epoch == 2:
            self.arrived_late.add(write.id)
        self.journals[copy.target].hold(write)
        if copy.target == SECONDARY and write.new.version.region == PRIMARY:
            self._stream(transaction(write, JOURNAL, None)[1]["Put"]["Item"])

    def _stream(self, row: dict[str, Any]) -> None:
        change = {"NewImage": row, "ApproximateCreationDateTime": int(self.now.timestamp())}
        arrival = parse({"dynamodb": {"Keys": {}, **change}})
        assert arrival
        self.streamed += StreamBatch(
            control_table=self,  # type: ignore[arg-type]
            journal=self.journals[SECONDARY],  # type: ignore[arg-type]
            items=self.items[SECONDARY],  # type: ignore[arg-type]
            promotions=self.promotions,  # type: ignore[arg-type]
            ledger=self.ledger,  # type: ignore[arg-type]
        ).process(arrival)

    def try_read(self) -> ControlItem:
        return self.control

    def reconcile(self, pieces: int = 10_000, *, from_start: bool = False) -> ReconcileResult:
        left = iter(range(pieces))
        return Reconciliation(
            self.control,
            self.journals,  # type: ignore[arg-type]
            SECONDARY,
            self.items[SECONDARY],  # type: ignore[arg-type]
            self.promotions,  # type: ignore[arg-type]
            self.ledger,  # type: ignore[arg-type]
            self.compared,  # type: ignore[arg-type]
            clock=lambda: int(self.now.timestamp() * 1000),
        ).run(lambda: next(left, None) is not None, from_start=from_start)

    def before(self, item: Item | None) -> set[str]:
        """The truth, by all journals: the writes by which a version of an item came to be."""
        whole = self.journals[PRIMARY].entries | self.journals[SECONDARY].entries
        version, found = item.version if item else None, set()
        while version is not None:
            found.add(version.write_id)
            version = whole[key(version)].previous
        return found


def clock(item: Item) -> tuple[str, str]:
    """By what the last writer is told."""
    return item.at, item.version.region


def key(version: Version) -> tuple[str, str]:
    found = entry_key(version.region, version.epoch, version.write_id)
    return found["pk"]["S"], found["sk"]["S"]
