"""An entry of the ledger of writes that a disaster left behind, and how it is stored."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from pilot_light_client.attributes import (
    AttributeInvalid,
    flag,
    is_null,
    mapping,
    number,
    text,
    try_text,
)

from pilotlight.items.writes import (
    Item,
    Write,
    attributes,
    from_attributes,
    shard_of,
    unreadable_item,
)
from pilotlight.journal.history import History, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilot_light_client.attributes import Row

    from pilotlight.items.writes import Operation

Status = Literal["open", "accepted", "replayed"]
Finder = Literal["stream", "reconcile"]
SHARDS_PREFIX = "L#"
KINDS = ("late", "lost", "unknown")


@dataclass(frozen=True)
class LedgerEntry:
    """A write that was not here when the epoch ended, or that is gone from its item.

    `current` is the item when it was last read, None if it was missing. `arrived_at` is empty
    until the journal entry arrives here. `active_epoch` is the epoch in which the entry was found.
    """

    write: Write
    late: bool
    history: History
    current: Item | None
    active_epoch: int
    found_at: str
    found_by: Finder
    arrived_at: str = ""
    status: Status = "open"
    resolved_by: str = ""
    resolved_at: str = ""
    replayed_as: str = ""

    @property
    def write_id(self) -> str:
        """The id of the write, which is the id of the entry."""
        return self.write.new.write_id

    @property
    def kinds(self) -> tuple[str, ...]:
        """Why it is in the ledger: late, lost, or unknown. Without any it does not belong there."""
        verdict = self.history.verdict
        kinds = ("late",) if self.late else ()
        return (*kinds, verdict) if verdict in ("lost", "unknown") else kinds


def unreadable_entry(
    write: Write, active_epoch: int, found_at: str, found_by: Finder
) -> LedgerEntry:
    """Return the ledger entry for the placeholder of a journal entry that cannot be read."""
    detail = "The journal entry cannot be read. Look at its row in the items table."
    history = History("unknown", detail)
    return LedgerEntry(write, False, history, None, active_epoch, found_at, found_by)


def key(write_id: str) -> dict[str, Any]:
    """Return the key of a ledger entry, attribute types included."""
    return {"pk": {"S": f"{SHARDS_PREFIX}{shard_of(write_id)}"}, "sk": {"S": write_id}}


def public(entry: LedgerEntry) -> dict[str, Any]:
    """Return an entry as people and machines see it."""
    new, old = entry.write.new, entry.write.old
    shown: dict[str, Any] = {
        "write_id": new.write_id,
        "kinds": list(entry.kinds),
        "status": entry.status,
        "item_id": new.id,
        "operation": entry.write.operation,
        "region": new.region,
        "epoch": new.epoch,
        "version": new.version,
        "written_at": new.updated_at,
        "arrived_at": entry.arrived_at or None,
        "found_at": entry.found_at,
        "found_by": entry.found_by,
        "active_epoch": entry.active_epoch,
        "history": asdict(entry.history),
        "new": _value(new),
        "old": _value(old),
        "current": _value(entry.current),
    }
    if entry.status != "open":
        shown |= {"resolved_by": entry.resolved_by, "resolved_at": entry.resolved_at}
    if entry.replayed_as:
        shown["replayed_as"] = entry.replayed_as
    return shown


def counts(entries: list[LedgerEntry]) -> dict[str, int]:
    """Count the open entries, and how many of them are late, lost and unknown."""
    still_open = [e for e in entries if e.status == "open"]
    kinds = {kind: sum(kind in e.kinds for e in still_open) for kind in KINDS}
    return {"open": len(still_open), **kinds}


def fact(counted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ledger's fact for the overview, from `counts`. An entry may be of two kinds.

    Journals that were not compared yet may add entries, so that none open is no promise.
    """
    if not counted:
        return {"verdict": "unknown", "detail": "Nothing was counted."}
    if not counted["open"]:
        detail = "No entry is open. A failback compares the journals before it relies on this."
        return {"verdict": "ok", "detail": detail, **counted}
    kinds = ", ".join(f"{counted[kind]} {kind}" for kind in KINDS)
    detail = f"Open entries: {counted['open']} ({kinds}). No failback until they are resolved."
    return {"verdict": "attention", "detail": detail, **counted}


def stored(entry: LedgerEntry) -> dict[str, Any]:
    """Return the attributes that every write of an entry replaces, types included."""
    return {
        "operation": {"S": entry.write.operation},
        "new": {"M": attributes(entry.write.new)},
        "old": _stored_item(entry.write.old),
        "current": _stored_item(entry.current),
        "verdict": {"S": entry.history.verdict},
        "detail": {"S": entry.history.detail},
        "observed_at": {"S": entry.found_at},
    }


def from_stored(row: Row) -> LedgerEntry:
    """Read an entry as DynamoDB returns it. What cannot be read is an entry of its own."""
    status = cast("Status", try_text(row, "status"))
    status = status if status in get_args(Status) else "open"
    try:
        entry = _entry(row)
    except AttributeInvalid as error:
        detail = f"The ledger's row has no valid attribute {error}."
        write = Write("replace", unreadable_item("unknown", write_id=row["sk"]["S"]), None)
        entry = LedgerEntry(write, False, History("unknown", detail), None, 0, "", "stream")
    return replace(
        entry,
        status=status,
        resolved_by=try_text(row, "resolved_by") or "",
        resolved_at=try_text(row, "resolved_at") or "",
        replayed_as=try_text(row, "replayed_as") or "",
    )


def _entry(row: Row) -> LedgerEntry:
    return LedgerEntry(
        write=Write(
            cast("Operation", text(row, "operation")),
            from_attributes(mapping(row, "new")),
            _item(row, "old"),
        ),
        late=flag(row, "late"),
        history=History(cast("Verdict", text(row, "verdict")), text(row, "detail")),
        current=_item(row, "current"),
        active_epoch=number(row, "active_epoch"),
        found_at=text(row, "found_at"),
        found_by=cast("Finder", text(row, "found_by")),
        arrived_at=try_text(row, "arrived_at") or "",
    )


def _stored_item(item: Item | None) -> dict[str, Any]:
    return {"M": attributes(item)} if item else {"NULL": True}


def _item(row: Row, name: str) -> Item | None:
    return None if is_null(row, name) else from_attributes(mapping(row, name))


def _value(item: Item | None) -> dict[str, Any] | None:
    if item is None:
        return None
    names = ("text", "version", "region", "epoch", "write_id", "updated_at", "deleted")
    return {name: getattr(item, name) for name in names}
