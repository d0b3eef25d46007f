"""Two Regions in memory, torn: rows are copied late, in any order, the last writer wins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pilot_light_client.control_item import ControlItem
from pilot_light_client.timestamps import text
from pilotlight.items.writes import Item, Write, attributes, journal_key, plan, transaction
from pilotlight.ledger.epoch_end import Promotion
from pilotlight.ledger.reconciliation import ReconcileResult, Reconciliation
from pilotlight.ledger.stream_records import StreamBatch, parse
from ulid import ULID

from tests.unit.functions.fakes import ITEMS, PRIMARY, SECONDARY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pilotlight.ledger.entry import LedgerEntry

START = datetime(2027, 1, 15, 8, tzinfo=UTC)
FIRST = ControlItem(1, PRIMARY, 1, "serving", changed_at=text(START))


class MemoryLinks:
    """What `JournalLinks` reads."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Write] = {}
        self.pages_read = 0

    def hold(self, write: Write) -> None:
        self.entries[key(write.new)] = write

    def link(self, item: Item) -> Write | None:
        return self.entries.get(key(item))

    def page(
        self, shard: str, after: str, upto: str, limit: int = 2
    ) -> tuple[list[Write], str | None]:
        """Small pages, so that a pass has many pieces."""
        self.pages_read += 1
        ids = sorted(w for s, w in self.entries if s == shard and after < w <= upto)
        last = ids[limit - 1] if len(ids) > limit else None
        return [self.entries[shard, w] for w in ids[:limit]], last


class MemoryItems(dict[str, Item]):
    """What `ItemsTable` reads."""

    def find(self, item_id: str) -> Item | None:
        return self.get(item_id)

    def find_many(self, item_ids: Iterable[str]) -> dict[str, Item]:
        return {i: self[i] for i in item_ids if i in self}


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
    streamed: int = 0
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    promotions: MemoryPromotions = field(default_factory=MemoryPromotions)

    def __post_init__(self) -> None:
        self.items = {r: MemoryItems() for r in (PRIMARY, SECONDARY)}
        self.journals = {r: MemoryLinks() for r in (PRIMARY, SECONDARY)}

    def tick(self) -> None:
        self.now += self.step

    def write(self, region: str, item_id: str, epoch: int | None = None) -> Write:
        """A write that its Region acknowledges. The Primary's clock is off by the skew."""
        clock = self.now + (self.skew if region == PRIMARY else timedelta(0))
        write = plan(
            "replace",
            item_id=item_id,
            text=f"{len(self.acknowledged)}",
            current=self.items[region].get(item_id),
            region=region,
            epoch=epoch or (1 if region == PRIMARY else 2),
            write_id=str(ULID.from_datetime(clock)),
            now=text(clock),
        )
        self.items[region][item_id] = write.new
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

    def deliver(self, number: int) -> None:
        """Deliver any one; of one item's own copies the oldest comes first."""
        chosen = self.on_the_way[number % len(self.on_the_way)]
        if chosen.of_item:
            row = (chosen.target, chosen.write.new.id, True)
            same = [c for c in self.on_the_way if (c.target, c.write.new.id, c.of_item) == row]
            chosen = same[0]
        self.on_the_way.remove(chosen)
        self._hold(chosen)

    def _hold(self, copy: Copy) -> None:
        write, items = copy.write, self.items[copy.target]
        before = items.get(write.new.id) if copy.of_item else None
        if before and (before.updated_at, before.region) > (write.new.updated_at, write.new.region):
            return  # Nobody is told: neither a stream nor a metric.
        if copy.target == SECONDARY and self.control.epoch == 2:
            self.arrived_late.add(write.new.write_id)
        if copy.of_item:
            items[write.new.id] = write.new
            row, old = attributes(write.new), attributes(before) if before else None
        else:
            self.journals[copy.target].hold(write)
            row, old = transaction(write, ITEMS)[1]["Put"]["Item"], None
        if copy.target == SECONDARY:
            self._stream(row, old)

    def _stream(self, new: dict[str, Any], old: dict[str, Any] | None) -> None:
        keys = {"pk": {"S": "J#" if "item_id" in new else "I#"}}
        change = {"NewImage": new, "ApproximateCreationDateTime": int(self.now.timestamp())}
        self.streamed += StreamBatch(
            control_table=self,  # type: ignore[arg-type]
            journal=self.journals[SECONDARY],  # type: ignore[arg-type]
            items=self.items[SECONDARY],  # type: ignore[arg-type]
            promotions=self.promotions,  # type: ignore[arg-type]
            ledger=self.ledger,  # type: ignore[arg-type]
        ).process(
            parse({"dynamodb": {"Keys": keys, **change, **({"OldImage": old} if old else {})}})
        )

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
        ).run(lambda: next(left, None) is not None, from_start=from_start)

    def before(self, item: Item | None) -> set[str]:
        """The truth, by all journals: the writes by which a version of an item came to be."""
        whole = self.journals[PRIMARY].entries | self.journals[SECONDARY].entries
        found = set()
        while item is not None:
            found.add(item.write_id)
            item = whole[key(item)].old
        return found


def key(item: Item) -> tuple[str, str]:
    found = journal_key(item.region, item.epoch, item.write_id)
    return found["pk"]["S"], found["sk"]["S"]
