"""What a person does about the open entries of the ledger: accept or replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilot_light_client import timestamps
from pilot_light_client.fence import WriteTooLate
from pilot_light_client.table_errors import TableUnavailable
from pilot_light_client.transaction import WriteConflict, WriteThrottled, WriteUnknown

from pilotlight.ledger.replay import NotReplayable
from pilotlight.ledger.table import AlreadyResolved

if TYPE_CHECKING:
    from pilotlight.ledger.entry import LedgerEntry
    from pilotlight.ledger.replay import Replay
    from pilotlight.ledger.table import LedgerTable


NOT_NOW = (NotReplayable, WriteTooLate, WriteThrottled, WriteUnknown, TableUnavailable)


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
        found = ledger.find(ledger.open_kinds()).values()
        return [e for e in found if e.status == "open"]
    entries = ledger.find(write_ids)
    missing = [w for w in write_ids if w not in entries]
    if missing:
        raise NoSuchEntry(f"The ledger has no entry {', '.join(missing)}. See the action list.")
    return list(entries.values())


def accept(ledger: LedgerTable, write_ids: list[str] | str, by: str) -> dict[str, Any]:
    """Mark open entries as accepted: the item is right as it is. Resolved entries do not change."""
    entries = select(ledger, write_ids)
    accepted, unchanged = [], {e.write_id: str(e.status) for e in entries if e.status != "open"}
    for write_id in (e.write_id for e in entries if e.status == "open"):
        try:
            ledger.accept(write_id, by=by, at=timestamps.now())
        except AlreadyResolved:
            unchanged[write_id] = "its status is not open, or is no text: look at its row"
        else:
            accepted.append(write_id)
    return {"accepted": accepted, "unchanged": unchanged}


def replay(ledger: LedgerTable, replaying: Replay, write_ids: list[str], by: str) -> dict[str, Any]:
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
        try:
            done[entry.write_id] = replaying.replay(entry, by)
        except WriteConflict:
            failed[entry.write_id] = (
                "its item has changed since, or it was resolved; reconcile, look, and replay again"
            )
        except NOT_NOW as error:
            failed[entry.write_id] = str(error)
    if failed:
        reasons = "; ".join(f"{w}: {reason}" for w, reason in failed.items())
        raise NotReplayed(f"{len(failed)} not replayed, {len(done)} replayed. {reasons}")
    return {"replayed": done}
