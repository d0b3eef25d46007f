"""After a promotion: the writes whose journal entry came in time, and whose item did not.

An item that arrives later is in no stream of ours, and nobody could tell then that it was missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pilot_light_client import timestamps
from pilot_light_client.journal import SHARDS, shard_key

from pilotlight.journal.history import judge
from pilotlight.ledger.entry import LedgerEntry
from pilotlight.ledger.promotions import incomplete_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilot_light_client.control_item import ControlItem
    from pilot_light_client.journal import Item, Write

    from pilotlight.journal.items import AppItems
    from pilotlight.journal.links import JournalLinks
    from pilotlight.ledger.promotions import Promotions
    from pilotlight.ledger.table import LedgerTable

# Nobody may come to this again, so it looks back further than clocks that are in order differ.
CLOCKS = timedelta(minutes=1)


@dataclass(frozen=True)
class LookResult:
    """Whether all entries were looked at that count, how many were, and how many items lacked."""

    complete: bool
    looked_at: int
    missing: int


@dataclass(frozen=True)
class MissingItems:
    """A look at this Region's own tables: the other Region need not answer."""

    control: ControlItem
    journal: JournalLinks
    items: AppItems
    promotions: Promotions
    ledger: LedgerTable
    other_region: str

    def note(self, may_continue: Callable[[], bool]) -> LookResult:
        """Put into the ledger what the other Region wrote in the epoch before, and is missing.

        The newest writes come first, until `may_continue` returns False.

        Raises
        ------
        TableUnavailable
            A table did not answer. What was found by then is in the ledger.
        """
        looked_at = missing = 0
        epoch = self.control.epoch - 1
        since = incomplete_from(self.promotions, epoch, self.control, CLOCKS)
        shards = [shard_key(self.other_region, epoch, n) for n in range(SHARDS)]
        unread = [self.journal.newest(shard, since) for shard in shards]
        while unread and may_continue():
            pages = unread.pop(0)
            page = next(pages, None)
            if page is not None:
                looked_at += len(page)
                missing += self._note(page)
                unread.append(pages)
        return LookResult(complete=not unread, looked_at=looked_at, missing=missing)

    def _note(self, page: list[Write]) -> int:
        """Note the writes of a page whose items lack them, and return how many they are."""
        readable = [w for w in page if not w.unreadable]
        items = self.items.find_many(w.new.ref for w in readable)
        found = ((w, items.get(w.new.ref)) for w in readable)
        entries = (self._judged(write, item) for write, item in found if _is_behind(item, write))
        # A link may have yet to arrive as well: unknown until reconciling judges again.
        return sum(e.history.verdict != "lost" and self.ledger.put(e) for e in entries)

    def _judged(self, write: Write, current: Item | None) -> LedgerEntry:
        over = self.journal.link(write.previous) if write.previous else None
        return LedgerEntry(
            write=write,
            late=True,
            history=judge(write.new.version, current, self.journal.link),
            current=current,
            old=over.new if over else None,
            active_epoch=self.control.epoch,
            found_at=timestamps.now(),
            found_by="promotion",
        )


def _is_behind(item: Item | None, write: Write) -> bool:
    if item is None:
        return True
    return not item.unreadable and item.version.number < write.new.version.number
