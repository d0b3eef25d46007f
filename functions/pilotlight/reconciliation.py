"""Reconciling: compares the Regions' journals of closed epochs, a bounded piece at a time."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from ulid import ULID

from pilotlight import moments
from pilotlight.adapters.journal_links import LAST, ulid_at
from pilotlight.domain import closing
from pilotlight.domain.history import judge
from pilotlight.domain.ledger import LedgerEntry, belongs, garbled
from pilotlight.domain.writes import SHARDS, journal_shard

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.adapters.items_table import ItemsTable
    from pilotlight.adapters.journal_links import JournalLinks
    from pilotlight.adapters.ledger_table import LedgerTable
    from pilotlight.adapters.promotions import Promotions
    from pilotlight.control.item import ControlItem
    from pilotlight.domain.writes import Item, Write


@dataclass(frozen=True)
class Cursor:
    """How far a pass has come.

    For each `epoch`, the `step` goes over its journal and over those of the later ones, and ends
    with a look at the ledger's own open entries. `last` is the newest write of the epoch,
    `compared` counts the entries of the pass.
    """

    epoch: int
    step: int = 0
    after: str = ""
    last: str = ""
    compared: int = 0


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
        if at.step >= self._steps(at.epoch):
            seen = self._look_again(at.after)
            if seen:
                return replace(at, after=seen)
            return Cursor(at.epoch + 1, compared=at.compared)
        later, (region, shard) = self._place(at)
        if later and not self._may_overlap(at, later):
            return replace(at, step=self._steps(at.epoch), after="")
        if (
            at.epoch == self._control.epoch
            and region == self._control.active_region
            and not at.last
        ):
            return replace(at, step=at.step + 1, after="")
        low, high = self._window(at, later)
        key = journal_shard(region, at.epoch + later, shard)
        writes, after = self._journals[region].page(key, at.after or low, high)
        for write in writes:
            self._compare(write)
        last = at.last if later else max([at.last, *(w.new.write_id for w in writes)])
        at = replace(at, last=last, compared=at.compared + len(writes))
        return replace(at, after=after) if after else replace(at, step=at.step + 1, after="")

    def _steps(self, epoch: int) -> int:
        """Return the number of steps of an epoch: its own journals, and those of all later ones."""
        return len(self._shards) * (self._control.epoch - epoch + 1)

    def _place(self, at: Cursor) -> tuple[int, tuple[str, int]]:
        """Return by how many epochs a step's journal is later, and its Region and shard."""
        later, number = divmod(at.step, len(self._shards))
        return later, self._shards[number]

    def _may_overlap(self, at: Cursor, later: int) -> bool:
        """Return whether a write of a later epoch may have been overwritten by one of this epoch.

        A late write may overwrite what several epochs after it wrote, as long as those began before
        the last write of this one.
        """
        if not at.last:
            return False
        promotion = self._promotions.to(at.epoch + later)
        began = closing.closed_at(at.epoch + later - 1, self._control, promotion)
        return began is None or began <= ULID.from_str(at.last).datetime + closing.CLOCKS

    def _window(self, at: Cursor, later: int) -> tuple[str, str]:
        """Return between which ULIDs writes may have been lost.

        A write of a later epoch can only be overwritten by one of the closed epoch that is
        younger, so what follows the last of these is not looked at.
        """
        if at.epoch == self._control.epoch:
            return ulid_at(None), LAST
        promotion = self._promotions.to(at.epoch + 1)
        closed = closing.closed_at(at.epoch, self._control, promotion)
        if not later:
            return ulid_at(closing.torn_since(closed, promotion)), LAST
        newest = ULID.from_str(at.last).datetime if at.last else closed
        until = ulid_at(newest + closing.CLOCKS) if newest else LAST
        return ulid_at(closed - closing.CLOCKS if closed else None), until

    def _compare(self, write: Write) -> None:
        """Look for a write here. What the running epoch has on its way is not late."""
        if write.garbled:
            self._ledger.put(self._unread(write))
            return
        here = self._journals[self._own].link(write.new) is not None
        closed = closing.is_closed(write.new, self._control)
        if here or closed:
            self._keep(self._judged(write, late=closed and not here))

    def _keep(self, entry: LedgerEntry, *, again: bool = False) -> None:
        """Keep what belongs in the ledger. A write whose item has yet to arrive is late as well."""
        if entry.history.verdict == "pending" and closing.is_closed(entry.write.new, self._control):
            entry = replace(entry, late=True)
        if belongs(entry) or again:
            self._ledger.put(entry)

    def _look_again(self, after: str) -> str:
        """Judge open entries anew, and return after which to go on, or nothing at their end."""
        still = [e for e in self._ledger.entries("open") if e.write_id > after]
        for entry in (e for e in still[:100] if not e.write.garbled):
            self._keep(self._judged(entry.write, late=entry.late), again=True)
        return still[99].write_id if len(still) > 100 else ""

    def _unread(self, write: Write) -> LedgerEntry:
        epoch, now = self._control.epoch, moments.now()
        return garbled(write, active_epoch=epoch, found_at=now, found_by="reconcile")

    def _judged(self, write: Write, *, late: bool) -> LedgerEntry:
        current = self._items.get(write.new.id)
        return LedgerEntry(
            write=write,
            late=late,
            history=judge(write.new, current, self._link),
            current=current,
            active_epoch=self._control.epoch,
            found_at=moments.now(),
            found_by="reconcile",
        )

    def _link(self, item: Item) -> Write | None:
        """Follow the journal here, and in the other Region where it is not here yet."""
        others = [j for r, j in self._journals.items() if r != self._own]
        found = self._journals[self._own].link(item)
        return found or next((w for j in others if (w := j.link(item))), None)
