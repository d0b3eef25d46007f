"""Reconciling: compares the Regions' journals of closed epochs, a bounded piece at a time."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from ulid import ULID

from pilotlight.items.writes import SHARDS, journal_shard
from pilotlight.journal.history import judge
from pilotlight.journal.links import LAST, ulid_at
from pilotlight.ledger import epoch_end as closing
from pilotlight.ledger.entry import LedgerEntry, belongs, unreadable
from pilotlight.shared import timestamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.control.item import ControlItem
    from pilotlight.items.table import ItemsTable
    from pilotlight.items.writes import Item, Write
    from pilotlight.journal.links import JournalLinks
    from pilotlight.ledger.promotions import Promotions
    from pilotlight.ledger.table import LedgerTable


@dataclass(frozen=True)
class Cursor:
    """How far a pass has come.

    An `epoch` has a step for each Region and shard of its journal. `before` is the newest write of
    the epochs before this one, `last` the newest up to now, and `compared` counts the entries of
    the pass. `running` is the epoch that was not closed then. At its end the ledger's own open
    entries are looked at, in the order of `after`.
    """

    epoch: int
    step: int = 0
    after: str = ""
    before: str = ""
    last: str = ""
    compared: int = 0
    running: int = 0


@dataclass(frozen=True)
class Compared:
    """Whether a pass came to its end, and how many journal entries it compared."""

    complete: bool
    writes: int


class Reconciliation:
    """A pass over the closed epochs, from where the last one stopped."""

    def __init__(
        self,
        control: ControlItem,
        journals: dict[str, JournalLinks],
        own_region: str,
        items: ItemsTable,
        promotions: Promotions,
        ledger: LedgerTable,
    ) -> None:
        self._control = control
        self._journals = journals
        self._own = own_region
        self._items = items
        self._promotions = promotions
        self._ledger = ledger
        # The active Region last: what it wrote is only compared where the other one wrote as well.
        regions = sorted(journals, key=lambda region: (region == control.active_region, region))
        self._shards = [(r, s) for r in regions for s in range(SHARDS)]

    def run(self, goes_on: Callable[[], bool], *, anew: bool = False) -> Compared:
        """Go on until all is compared or it is time to stop.

        The running epoch counts too: what a Region that is not active wrote in it.

        Parameters
        ----------
        anew
            Begin at the first epoch, whatever was compared before.

        Raises
        ------
        JournalUnread
            A Region did not answer. What was compared before is kept.
        """
        cursor = Cursor(1) if anew else Cursor(**{"epoch": 1, **self._ledger.cursor()})
        if cursor.running != self._control.epoch:
            # What was the running epoch then is closed now: all of it counts.
            cursor = replace(
                cursor, step=0, after="", last=cursor.before, running=self._control.epoch
            )
        while cursor.epoch <= self._control.epoch:
            if not goes_on():
                return Compared(complete=False, writes=cursor.compared)
            cursor = self._advance(cursor)
            self._ledger.keep_cursor(asdict(cursor))
        # The last change is compared again each time: what was on its way may have arrived.
        again = Cursor(max(self._control.epoch - 1, 1))
        self._ledger.keep_cursor(asdict(again))
        return Compared(complete=True, writes=cursor.compared)

    def _advance(self, at: Cursor) -> Cursor:
        if at.step >= len(self._shards):
            seen = self._look_again(at.after) if at.epoch == at.running else ""
            at = replace(at, after=seen)
            return at if seen else replace(at, epoch=at.epoch + 1, step=0, before=at.last)
        region, shard = self._shards[at.step]
        window = self._window(at, region)
        if window:
            key = journal_shard(region, at.epoch, shard)
            writes, after = self._journals[region].page(key, *window)
            at = replace(at, after=after or window[1], compared=at.compared + len(writes))
            if region != self._own:
                # One answer holds what each write would ask for by itself; users wait in a drain.
                self._journals[self._own].page(key, window[0], at.after)
            self._compare(writes)
            if not self._serves(at, region):
                last = max([at.last, *(w.new.write_id for w in writes if not w.unreadable)])
                at = replace(at, last=last)
        done = self._window(at, region) is None
        return replace(at, step=at.step + 1, after="") if done else at

    def _serves(self, at: Cursor, region: str) -> bool:
        return at.epoch == at.running and region == self._control.active_region

    def _window(self, at: Cursor, region: str) -> tuple[str, str] | None:
        """Return between which ULIDs a journal is to be read next, or None at its end.

        There are two parts of it. A late write of an epoch before may have overwritten what this
        one wrote until then, however many epochs lie between. And of this one's own writes those
        since its end was torn may have been lost.
        """
        start = at.after or ulid_at(None)
        for low, high in (self._overwritten(at.before), self._torn(at, region)):
            if start < high:
                return max(start, low), high
        return None

    def _overwritten(self, before: str) -> tuple[str, str]:
        latest = ULID.from_str(before).datetime + closing.CLOCKS if before else None
        return ulid_at(None), ulid_at(latest)

    def _torn(self, at: Cursor, region: str) -> tuple[str, str]:
        """Return the torn part. The running epoch has one only if both Regions wrote in it."""
        if at.epoch == at.running:
            alone = self._serves(at, region) and at.last == at.before
            return ulid_at(None), ulid_at(None) if alone else LAST
        promotion = self._promotions.to(at.epoch + 1)
        closed = closing.closed_at(at.epoch, self._control, promotion)
        return ulid_at(closing.torn_since(closed, promotion)), LAST

    def _compare(self, writes: list[Write]) -> None:
        """Look for a page of writes here. What the running epoch has on its way is not late."""
        own = self._journals[self._own]
        items = self._items.get_many(w.new.id for w in writes if not w.unreadable)
        for write in writes:
            if write.unreadable:
                self._ledger.put(self._unread(write))
                continue
            here = own.link(write.new) is not None
            closed = closing.is_closed(write.new, self._control)
            if here or closed:
                current = items.get(write.new.id)
                self._keep(self._judged(write, current, late=closed and not here))

    def _keep(self, entry: LedgerEntry, *, again: bool = False) -> None:
        """Keep what belongs in the ledger. A write whose item has yet to arrive is late as well."""
        if entry.history.verdict == "pending" and closing.is_closed(entry.write.new, self._control):
            entry = replace(entry, late=True)
        if belongs(entry) or again:
            self._ledger.put(entry)

    def _look_again(self, after: str) -> str:
        """Judge open entries anew, and return after which to go on, or nothing at their end."""
        still = [e for e in self._ledger.entries("open") if e.write_id > after]
        for entry in (e for e in still[:100] if not e.write.unreadable):
            current = self._items.get(entry.write.new.id)
            self._keep(self._judged(entry.write, current, late=entry.late), again=True)
        return still[99].write_id if len(still) > 100 else ""

    def _unread(self, write: Write) -> LedgerEntry:
        epoch, now = self._control.epoch, timestamps.now()
        return unreadable(write, active_epoch=epoch, found_at=now, found_by="reconcile")

    def _judged(self, write: Write, current: Item | None, *, late: bool) -> LedgerEntry:
        return LedgerEntry(
            write=write,
            late=late,
            history=judge(write.new, current, self._link),
            current=current,
            active_epoch=self._control.epoch,
            found_at=timestamps.now(),
            found_by="reconcile",
        )

    def _link(self, item: Item) -> Write | None:
        """Follow the journal here, and in the other Region where it is not here yet."""
        others = [j for r, j in self._journals.items() if r != self._own]
        found = self._journals[self._own].link(item)
        return found or next((w for j in others if (w := j.link(item))), None)
