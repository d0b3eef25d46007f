"""The replay of a lost write: a new write of its value, journaled as every other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilot_light_client import timestamps, ulid
from pilot_light_client.attributes import AttributeInvalid
from pilot_light_client.fence import AnswerTooLate
from pilot_light_client.journal import plan, transaction, version_of
from pilot_light_client.transaction import WriteConflict, WriteUnknown, send

from pilotlight.ledger.entry import OMITTED

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.attributes import Row
    from pilot_light_client.fence import Fence
    from pilot_light_client.journal import Version

    from pilotlight.journal.items import AppItems
    from pilotlight.journal.links import JournalLinks
    from pilotlight.ledger.entry import LedgerEntry
    from pilotlight.ledger.table import LedgerTable
    from pilotlight.shared.settings import Deployment


class NotReplayable(Exception):
    """An entry cannot be replayed now, or never. The message says why."""


@dataclass(frozen=True)
class Replay:
    """What replays need. `client` is one whose writes are checked when connected."""

    deployment: Deployment
    client: DynamoDBClient
    fence: Fence
    items: AppItems
    journal: JournalLinks
    ledger: LedgerTable

    def replay(self, entry: LedgerEntry, by: str) -> str:
        """Write the value of an entry again, and return the id of the new write.

        One transaction writes the item, its journal entry, and the ledger's row, so that nothing
        is replayed twice.

        Raises
        ------
        NotReplayable
            This Region is not active, or the entry, its value or its item cannot be read.
        WriteConflict
            The item is no longer the one that the ledger shows, or the entry is resolved.
        WriteTooLate, WriteThrottled, WriteUnknown, TableUnavailable
            As `transaction.send` raises them.
        """
        decision, permit = self.fence.decide(forwarded=False)
        if decision.action != "write" or decision.epoch is None:
            raise NotReplayable(decision.reason)
        image, over = self._value(entry), self._over(entry)
        write = plan(
            entry.write.new.ref,
            image,
            over,
            region=self.deployment.region,
            epoch=decision.epoch,
            write_id=ulid.new(),
            at=timestamps.now(),
            authority=decision.authority,
            days=self.deployment.journal_days,
        )
        items = transaction(write, self.deployment.journal_table, over)
        items.append(self.ledger.replayed(entry.write_id, by=by, at=write.new.at, as_=write.id))
        send(self.client, items, token=write.id, check=permit.check_sending)
        try:
            permit.check_answer()
        except AnswerTooLate as error:
            raise WriteUnknown(str(error)) from error
        return write.id

    def _value(self, entry: LedgerEntry) -> Row | None:
        """Return what the write wrote, or None if it deleted the item."""
        new = entry.write.new
        if new.unreadable or not new.ref.key:
            raise NotReplayable("its journal entry cannot be read; look at the item, then accept")
        if OMITTED in new.image:
            made = self.journal.link(new.version)
            if made is None or made.new.ref != new.ref:
                raise NotReplayable("it is large, and its journal entry is not here yet")
            new = made.new
        return None if new.deleted else new.image

    def _over(self, entry: LedgerEntry) -> Row | None:
        """Return the item's row, which has to be the version that the ledger shows."""
        if entry.current and entry.current.unreadable:
            raise NotReplayable("its item cannot be read; look at the item, then accept")
        row = self.items.row(entry.write.new.ref)
        version = _version(row)
        # A row without a mark has no version either, and is not nothing.
        was_there = entry.current is not None
        if (row is not None) != was_there or version != (entry.current and entry.current.version):
            raise WriteConflict("The item has changed since.")
        return row


def _version(row: Row | None) -> Version | None:
    try:
        return version_of(row) if row else None
    except AttributeInvalid as error:
        raise NotReplayable("its item cannot be read; look at the item, then accept") from error
