"""What a person does about the open entries of the ledger: accept or replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilot_light_client import timestamps
from pilot_light_client.table_errors import TableUnavailable

from pilotlight.items.service import WriteRefused
from pilotlight.items.writes import (
    ItemMissing,
    ItemUnreadable,
    WriteConflict,
    WriteThrottled,
    WriteUnknown,
)
from pilotlight.ledger.table import AlreadyResolved

if TYPE_CHECKING:
    from pilotlight.items.service import ItemService
    from pilotlight.ledger.entry import LedgerEntry
    from pilotlight.ledger.table import LedgerTable


NOT_NOW = (
    *(ItemMissing, ItemUnreadable, WriteRefused, WriteThrottled, WriteUnknown),
    TableUnavailable,
)


class NoSuchEntry(Exception):
    """The ledger has no entry for some of the write ids."""


class NotReplayed(Exception):
    """Some entries were not replayed. Those that were are marked, and are not replayed again."""


def select(ledger: LedgerTable, write_ids: list[str] | str) -> list[LedgerEntry]:
    """Return the entries of write ids, or all open ones for `all`.

    Raises
    ------
    NoSuchEntry
        Some are not in the ledger.
    """
    if write_ids == "all":
        return ledger.entries("open")
    entries = {e.write_id: e for e in ledger.entries()}
    missing = [w for w in write_ids if w not in entries]
    if missing:
        raise NoSuchEntry(f"The ledger has no entry {', '.join(missing)}. See the action list.")
    return [entries[w] for w in sorted(set(write_ids))]


def accept(ledger: LedgerTable, write_ids: list[str] | str, by: str) -> dict[str, Any]:
    """Mark open entries as accepted: the item is right as it is. Resolved entries do not change."""
    entries = select(ledger, write_ids)
    accepted, unchanged = [], {e.write_id: str(e.status) for e in entries if e.status != "open"}
    for write_id in (e.write_id for e in entries if e.status == "open"):
        try:
            ledger.resolve(write_id, "accepted", by=by, at=timestamps.now())
        except AlreadyResolved:
            unchanged[write_id] = "its status is not open, or is no text: look at its row"
        else:
            accepted.append(write_id)
    return {"accepted": accepted, "unchanged": unchanged}


def replay(
    ledger: LedgerTable, service: ItemService, write_ids: list[str], by: str
) -> dict[str, Any]:
    """Write the values of entries as new writes, each over the item that the ledger shows.

    Raises
    ------
    NotReplayed
        It names each entry that was not replayed, with the reason.
    """
    entries = select(ledger, write_ids)
    done: dict[str, str] = {e.write_id: e.replayed_as for e in entries if e.status == "replayed"}
    failed: dict[str, str] = {}
    for entry in (e for e in entries if e.write_id not in done):
        if entry.status == "accepted":
            failed[entry.write_id] = f"it was accepted by {entry.resolved_by}"
            continue
        if entry.write.unreadable or (entry.current and entry.current.unreadable):
            failed[entry.write_id] = (
                "its journal entry or its item cannot be read; look at the item, then accept"
            )
            continue
        try:
            written = service.replay(entry.write, entry.current)
        except WriteConflict:
            failed[entry.write_id] = "its item has changed since; reconcile, look, and replay again"
        except NOT_NOW as error:
            failed[entry.write_id] = str(error)
        else:
            done[entry.write_id] = written.write_id
            at = timestamps.now()
            ledger.resolve(entry.write_id, "replayed", by=by, at=at, replayed_as=written.write_id)
    if failed:
        reasons = "; ".join(f"{w}: {reason}" for w, reason in failed.items())
        raise NotReplayed(f"{len(failed)} not replayed, {len(done)} replayed. {reasons}")
    return {"replayed": done}
