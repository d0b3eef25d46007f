"""Reconciling: compares the Regions' journals of closed epochs, a bounded piece at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from pilot_light_client import timestamps
from pilot_light_client.journal import SHARDS, shard_key
from pilot_light_client.timestamps import milliseconds
from pilot_light_client.ulid_format import moment_of

from pilotlight.control.table import ControlTable
from pilotlight.journal.comparison import HIGHEST, LOWEST
from pilotlight.journal.expiry import kept_from, passed_at
from pilotlight.journal.history import judge
from pilotlight.journal.items import AppItems
from pilotlight.journal.links import JournalLinks
from pilotlight.ledger import epoch_end
from pilotlight.ledger.compared import Compared
from pilotlight.ledger.entry import (
    SHARDS as LEDGER_SHARDS,
    LedgerEntry,
    expired_entry,
    unreadable_entry,
)
from pilotlight.ledger.promotions import Promotions, id_at, incomplete_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.control_item import ControlItem
    from pilot_light_client.journal import Item, Ref, Version, Write

    from pilotlight.journal.history import History
    from pilotlight.ledger.table import LedgerTable
    from pilotlight.shared.settings import Deployment

# Reads at the same time: the shards of both Regions. Most epochs have one part that counts.
PARALLEL = 2 * SHARDS


@dataclass(frozen=True)
class Cursor:
    """How far a pass has come.

    An `epoch` has a step for each Region and shard of its journal, and `after` is the last write
    that was read in it. `before` is the newest write of the epochs before this one, `last` the
    newest up to now, and `compared` counts the entries of the pass. `running` is the epoch that was
    not over when the pass began. Its last steps, one for each shard of the ledger, judge the open
    entries again, and find out of which epoch on a write is still to come: `to_come`, or 0.
    All epochs up to `named` were compared before: what has expired of them since was named in time.
    """

    epoch: int
    step: int = 0
    after: str = ""
    before: str = ""
    last: str = ""
    compared: int = 0
    running: int = 0
    to_come: int = 0
    named: int = 0

    @classmethod
    def stored(cls, stored: Mapping[str, Any], latest: int) -> Cursor:
        """Return the cursor as it was stored; the first one where it is none up to that epoch."""
        first = cls(1)
        kinds = {field.name: type(getattr(first, field.name)) for field in fields(cls)}
        if any(type(stored.get(name)) is not kind for name, kind in kinds.items()):
            return first
        cursor = cls(**{name: stored[name] for name in kinds})
        ids = [i for i in (cursor.before, cursor.last) if i]
        counts = 1 <= cursor.epoch <= latest and cursor.step >= 0 and 0 <= cursor.named < latest
        whole = counts and all(map(moment_of, ids))
        return cursor if whole else first


@dataclass(frozen=True)
class _Page:
    """A page of a journal, after which write to continue, and this Region's items of its writes."""

    writes: list[Write]
    after: str | None
    items: dict[Ref, Item]


@dataclass(frozen=True)
class ReconcileResult:
    """Whether a pass came to its end, and how many journal entries it compared."""

    complete: bool
    writes: int


class Reconciliation:
    """A pass over the epochs that are over, from where the last one stopped."""

    def __init__(
        self,
        control: ControlItem,
        journals: dict[str, JournalLinks],
        own_region: str,
        items: AppItems,
        promotions: Promotions,
        ledger: LedgerTable,
        compared: Compared,
        clock: Callable[[], int] = milliseconds,
    ) -> None:
        self._control = control
        self._journals = journals
        self._own = own_region
        self._items = items
        self._promotions = promotions
        self._ledger = ledger
        self._compared = compared
        self._now_ms = clock()
        # The active Region last: its writes are only compared if the other one wrote as well.
        regions = sorted(journals, key=lambda region: (region == control.active_region, region))
        self._shards = [(r, s) for r in regions for s in range(SHARDS)]
        self._first_pages: dict[tuple[str, tuple[str, str]], _Page] = {}

    @classmethod
    def of(
        cls,
        deployment: Deployment,
        clients: dict[str, DynamoDBClient],
        ledger: LedgerTable,
        recoveries_table: str,
    ) -> Reconciliation:
        """Return a pass over a deployment's journals, by the clients of its Regions."""
        own, table = clients[deployment.region], deployment.journal_table
        control = ControlTable(own, deployment.control_table).read()
        journals = {r: JournalLinks(client, table, r) for r, client in clients.items()}
        promotions = Promotions(own, recoveries_table)
        items = AppItems(own, deployment.app_tables)
        compared = Compared(own, recoveries_table, clients)
        return cls(control, journals, deployment.region, items, promotions, ledger, compared)

    def run(self, may_continue: Callable[[], bool], *, from_start: bool = False) -> ReconcileResult:
        """Compare until the end of the pass, or until `may_continue` returns False.

        The running epoch counts too, for the writes of a Region that is not active.

        Parameters
        ----------
        from_start
            Begin at the first epoch, whatever was compared before.

        Raises
        ------
        TableUnavailable
            A Region did not answer. The next call continues from there.
        """
        cursor = Cursor.stored(self._ledger.cursor(), self._control.epoch)
        if from_start:
            cursor = Cursor(1, named=cursor.named)
        if cursor.running != self._control.epoch:
            # The epoch that ran then is over now: all of it counts.
            cursor = replace(
                cursor, step=0, after="", last=cursor.before, running=self._control.epoch
            )
        while cursor.epoch <= self._control.epoch:
            if not may_continue():
                self._ledger.put_cursor(asdict(cursor))
                return ReconcileResult(complete=False, writes=cursor.compared)
            at, cursor = cursor, self._advance(cursor)
            # Steps that found nothing are quick to take again.
            if cursor.after or cursor.epoch != at.epoch:
                self._ledger.put_cursor(asdict(cursor))
        # Compared again each time: the last epoch, of which more may have arrived, and whatever a
        # write that is still to come may overwrite.
        last = max(self._control.epoch - 1, 1)
        again = Cursor(min(last, cursor.to_come or last), named=self._control.epoch - 1)
        self._ledger.put_cursor(asdict(again))
        return ReconcileResult(complete=True, writes=cursor.compared)

    def _advance(self, at: Cursor) -> Cursor:
        ledger_shard = at.step - len(self._shards)
        if ledger_shard >= (LEDGER_SHARDS if at.epoch == at.running else 0):
            return replace(at, epoch=at.epoch + 1, step=0, after="", before=at.last)
        if ledger_shard >= 0:
            at = self._judge_again(ledger_shard, at)
            return at if at.after else replace(at, step=at.step + 1)
        if at.step == 0 and not at.after:
            if at.epoch != at.running:
                self._note_expired(at)
            self._read_first_pages(at)
        region, shard = self._shards[at.step]
        window = self._window(at, region)
        if window:
            key = shard_key(region, at.epoch, shard)
            page = self._first_pages.pop((key, window), None) or self._read(region, key, window)
            at = replace(at, after=page.after or window[1])
            at = replace(at, compared=at.compared + len(page.writes))
            self._compare(page)
            if not self._serves(at, region):
                ids = (w.id for w in page.writes if not w.unreadable)
                at = replace(at, last=max([at.last, *filter(moment_of, ids)]))
        done = self._window(at, region) is None
        return replace(at, step=at.step + 1, after="") if done else at

    def _note_expired(self, at: Cursor) -> None:
        """Put into the ledger that writes of an epoch may have expired before they were compared.

        Nothing is missing of an epoch that ended by a proven move, nor of one compared before.
        """
        promotion = self._promotions.to(at.epoch + 1)
        if at.epoch <= at.named or (promotion and promotion.proven):
            return
        surely_kept = kept_from(self._now_ms)
        since = incomplete_from(self._promotions, at.epoch, self._control)
        if since < surely_kept:
            to_it = self._promotions.to(at.epoch)
            began = id_at(to_it.at) if to_it and to_it.at else LOWEST
            since = max(since, began, self._compared.to(at.epoch))
        if since < surely_kept:
            moment, now = moment_of(since), timestamps.now()
            words = timestamps.text(moment) if moment else "its beginning"
            self._ledger.put(expired_entry(at.epoch, words, self._control.epoch, now))

    def _read_first_pages(self, at: Cursor) -> None:
        """Read the first page of each part of an epoch that counts, all side by side.

        Epochs grow in number with every move, and each has few entries that count.
        """
        asked = {
            (shard_key(region, at.epoch, shard), window): region
            for region, shard in self._shards
            for window in self._windows(at, region)
        }
        with ThreadPoolExecutor(PARALLEL) as pool:
            pages = pool.map(lambda each: self._read(each[1], *each[0]), asked.items())
            self._first_pages = dict(zip(asked, pages, strict=True))

    def _read(self, region: str, key: str, window: tuple[str, str]) -> _Page:
        """Read a page of a journal, with what it is compared to."""
        writes, after = self._journals[region].page(key, *window)
        if writes and region != self._own:
            # One answer instead of a read for each write: users wait for this in a drain.
            self._journals[self._own].page(key, window[0], after or window[1])
        items = self._items.find_many(w.new.ref for w in writes if not w.unreadable)
        return _Page(writes, after, items)

    def _serves(self, at: Cursor, region: str) -> bool:
        return at.epoch == at.running and region == self._control.active_region

    def _window(self, at: Cursor, region: str) -> tuple[str, str] | None:
        """Return between which ULIDs to read a journal next, or None at its end.

        Two parts of it count. A late write of any earlier epoch may have overwritten writes of this
        one until then. And writes of this one may have been lost since it became incomplete.
        """
        start = at.after or LOWEST
        parts = [self._overwritten(at.before), self._incomplete(at, region)]
        (first, until), (since, last) = parts
        if since <= until < last:
            # One query instead of two: an epoch of less than an hour is all of it.
            parts = [(first, last)]
        for low, high in parts:
            if start < high:
                return max(start, low), high
        return None

    def _windows(self, at: Cursor, region: str) -> Iterator[tuple[str, str]]:
        """Yield the parts of an epoch's journal that count, each as if the one before were read."""
        while window := self._window(at, region):
            yield window
            at = replace(at, after=window[1])

    def _overwritten(self, before: str) -> tuple[str, str]:
        latest = moment_of(before)
        return LOWEST, id_at(latest + epoch_end.CLOCKS if latest else None)

    def _incomplete(self, at: Cursor, region: str) -> tuple[str, str]:
        """Return the incomplete part. The running epoch has one if both Regions wrote in it."""
        if at.epoch == at.running:
            alone = self._serves(at, region) and at.last == at.before
            return LOWEST, LOWEST if alone else HIGHEST
        return incomplete_from(self._promotions, at.epoch, self._control), HIGHEST

    def _compare(self, page: _Page) -> None:
        """Look up a page of writes here. A write in flight in the running epoch is not late."""
        own, passed = self._journals[self._own], passed_at(self._now_ms)
        for write in page.writes:
            # One whose time has passed may be deleted in one Region already, and so tells nothing.
            if write.keep_until is not None and write.keep_until <= passed:
                continue
            if write.unreadable:
                now = timestamps.now()
                self._ledger.put(unreadable_entry(write, self._control.epoch, now, "reconcile"))
                continue
            here, over = own.link(write.new.version) is not None, self._is_over(write)
            if here or over:
                entry = self._judged(write, page.items.get(write.new.ref), late=over and not here)
                if entry.kinds:
                    self._put(entry)

    def _judge_again(self, shard: int, at: Cursor) -> Cursor:
        """Judge a page of open entries again. At a shard's end, look what of it is to come."""
        entries, after = self._ledger.page(shard, at.after)
        readable = [e for e in entries if not e.write.unreadable]
        items = self._items.find_many(e.write.new.ref for e in readable)
        for entry in readable:
            now = self._judged(entry.write, items.get(entry.write.new.ref), late=entry.late)
            now = replace(now, old=entry.old, arrived_at=entry.arrived_at)
            if _findings(now) != _findings(entry):
                self._ledger.put(now)
        if after:
            return replace(at, after=after)
        epochs = filter(None, (at.to_come, self._ledger.first_to_come(shard)))
        return replace(at, after="", to_come=min(epochs, default=0))

    def _put(self, entry: LedgerEntry) -> None:
        made = self._link(entry.write.previous) if entry.write.previous else None
        self._ledger.put(replace(entry, old=made.new if made else None))

    def _is_over(self, write: Write) -> bool:
        return epoch_end.is_over(write.new.version, self._control)

    def _judged(self, write: Write, current: Item | None, *, late: bool) -> LedgerEntry:
        """Judge a write. It is late as well if its item has yet to arrive."""
        history = judge(write.new.version, current, self._link)
        return LedgerEntry(
            write=write,
            late=late or (history.verdict == "pending" and self._is_over(write)),
            history=history,
            current=current,
            active_epoch=self._control.epoch,
            found_at=timestamps.now(),
            found_by="reconcile",
        )

    def _link(self, version: Version) -> Write | None:
        """Follow the journal here, and in the other Region if the entry is not here yet."""
        own = self._journals[self._own]
        others = (j for j in self._journals.values() if j is not own)
        links = (j.link(version) for j in (own, *others))
        return next((write for write in links if write), None)


def _findings(entry: LedgerEntry) -> tuple[bool, History, Item | None]:
    return entry.late, entry.history, entry.current
