"""What arrives in the Secondary by its stream, and what of it belongs in the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pilotlight.items.writes import Item, Write, from_attributes, from_entry, placeholder
from pilotlight.journal.history import judge, overwritten
from pilotlight.ledger import epoch_end as closing
from pilotlight.ledger.entry import LedgerEntry, belongs, unreadable
from pilotlight.shared import timestamps

if TYPE_CHECKING:
    from pilotlight.control.item import ControlItem
    from pilotlight.control.table import ControlTable
    from pilotlight.items.table import ItemsTable
    from pilotlight.journal.links import JournalLinks
    from pilotlight.ledger.promotions import Promotions
    from pilotlight.ledger.table import LedgerTable


class ControlItemUnread(Exception):
    """Nobody knows which epoch it is. The batch is tried again."""


def is_entry(record: dict[str, Any]) -> bool:
    """Say whether a record is of a journal entry."""
    return bool(record["dynamodb"]["Keys"]["pk"]["S"].startswith("J#"))


@dataclass
class Arrivals:
    """The records of one batch.

    The control item is read once for a batch and never kept for the next: only what is read after a
    record was created knows whether the promotion came before it.
    """

    control_table: ControlTable
    journal: JournalLinks
    items: ItemsTable
    promotions: Promotions
    ledger: LedgerTable
    _read: ControlItem | None = field(default=None, init=False)

    def take(self, record: dict[str, Any]) -> int:
        """Look at a record, and return how many findings went to the ledger.

        Raises
        ------
        ControlItemUnread
            The control item is missing or was not read.
        """
        change = record["dynamodb"]
        image, created = change.get("NewImage"), float(change["ApproximateCreationDateTime"])
        if image is None:
            return 0
        if is_entry(record):
            return self._entry(from_entry(image), created)
        old = change.get("OldImage")
        return self._item(from_attributes(image), from_attributes(old) if old else None, created)

    def set_aside(self, record: dict[str, Any]) -> None:
        """Keep a journal entry that cannot be read in the ledger, by its key, for a person."""
        write, epoch = placeholder(record["dynamodb"]["NewImage"]), self._control().epoch
        found_at = timestamps.now()
        self.ledger.put(unreadable(write, active_epoch=epoch, found_at=found_at, found_by="stream"))

    def _entry(self, write: Write, created: float) -> int:
        if not closing.is_closed(write.new, self._control()):
            return 0
        return self._keep(write, late=self._late(write.new, created), created=created)

    def _item(self, new: Item, old: Item | None, created: float) -> int:
        """Look at an item that came from the Primary, and at what it was put over.

        An item and its journal entry arrive on their own. Either may come too late.
        """
        found = 0
        if closing.is_closed(new, self._control()) and self._late(new, created):
            entry = self.journal.link(new)
            found += self._keep(entry, late=True, created=created) if entry else 0
        if old is not None and old.region != new.region:
            gone = overwritten(old, self.items.get(new.id), self.journal.link)
            found += sum(self._keep(write, late=False, created=None) for write in gone)
        return found

    def _keep(self, write: Write, *, late: bool, created: float | None) -> int:
        current = self.items.get(write.new.id)
        arrived = "" if created is None else timestamps.text(datetime.fromtimestamp(created, UTC))
        entry = LedgerEntry(
            write=write,
            late=late,
            history=judge(write.new, current, self.journal.link),
            current=current,
            active_epoch=self._control().epoch,
            found_at=timestamps.now(),
            found_by="stream",
            arrived_at=arrived,
        )
        return int(belongs(entry) and self.ledger.put(entry))

    def _late(self, written: Item, created: float) -> bool:
        promotion = self.promotions.to(written.epoch + 1)
        closed = closing.closed_at(written.epoch, self._control(), promotion)
        return closing.is_late(created, closed)

    def _control(self) -> ControlItem:
        if self._read is None:
            self._read = self.control_table.try_read()
        if self._read is None:
            raise ControlItemUnread("The control item is missing or was not read.")
        return self._read
