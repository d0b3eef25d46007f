"""The ledger of writes that a disaster left behind: what an entry says, and how it is kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from pilotlight.items.writes import Item, Write, attributes, from_attributes, shard_of
from pilotlight.journal.history import History, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

Status = Literal["open", "accepted", "replayed"]
Finder = Literal["stream", "reconcile"]
SHARDS_PREFIX = "L#"
KINDS = ("late", "lost", "unknown")


@dataclass(frozen=True)
class LedgerEntry:
    """A write that was not there when the epoch changed, or that is gone from its item.

    `current` is the item when it was last looked at, None where it was not there. `arrived_at` is
    empty while the journal entry has not arrived here. `active_epoch` is the epoch of the finding.
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
        """The id of the write, by which people and the table name the entry."""
        return self.write.new.write_id

    @property
    def kinds(self) -> tuple[str, ...]:
        """Why it is here: late, lost, or unknown where the journal cannot tell."""
        verdict = self.history.verdict
        kinds = ("late",) if self.late else ()
        return (*kinds, verdict) if verdict in ("lost", "unknown") else kinds


def unreadable(write: Write, *, active_epoch: int, found_at: str, found_by: Finder) -> LedgerEntry:
    """Return the ledger entry for the placeholder of a journal entry that cannot be read."""
    detail = "The journal entry cannot be read. Look at its row in the items table."
    history = History("unknown", detail)
    return LedgerEntry(write, False, history, None, active_epoch, found_at, found_by)


def belongs(entry: LedgerEntry) -> bool:
    """Say whether there is a reason to keep an entry."""
    return bool(entry.kinds)


def key(write_id: str) -> dict[str, Any]:
    """Return the key of a ledger entry, attribute types included."""
    return {"pk": {"S": f"{SHARDS_PREFIX}{shard_of(write_id)}"}, "sk": {"S": write_id}}


def public(entry: LedgerEntry) -> dict[str, Any]:
    """Return an entry as people and machines see it."""
    new, old = entry.write.new, entry.write.old
    found: dict[str, Any] = {
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
        found |= {"resolved_by": entry.resolved_by, "resolved_at": entry.resolved_at}
    if entry.replayed_as:
        found["replayed_as"] = entry.replayed_as
    return found


def counts(entries: list[LedgerEntry]) -> dict[str, int]:
    """Count the open entries, and of them the late, the lost and the unknown ones."""
    still = [e for e in entries if e.status == "open"]
    kinds = {kind: sum(kind in e.kinds for e in still) for kind in KINDS}
    return {"open": len(still), **kinds}


def fact(found: Mapping[str, Any]) -> dict[str, Any]:
    """Tell the overview what is open, by what `counts` returned. An entry may be of two kinds.

    What nobody has compared yet is not among them, so that none open is no promise.
    """
    if not found:
        return {"verdict": "unknown", "detail": "Nothing was counted."}
    if not found["open"]:
        detail = "No entry is open. A failback compares the journals before it says so."
        return {"verdict": "ok", "detail": detail, **found}
    kinds = ", ".join(f"{found[kind]} {kind}" for kind in KINDS)
    detail = f"Open entries: {found['open']} ({kinds}). No failback until they are resolved."
    return {"verdict": "attention", "detail": detail, **found}


def stored(entry: LedgerEntry) -> dict[str, Any]:
    """Return the attributes that every finding of an entry tells, types included."""
    return {
        "operation": {"S": entry.write.operation},
        "new": {"M": attributes(entry.write.new)},
        "old": _held(entry.write.old),
        "current": _held(entry.current),
        "verdict": {"S": entry.history.verdict},
        "detail": {"S": entry.history.detail},
        "looked_at": {"S": entry.found_at},
    }


def from_stored(found: dict[str, Any]) -> LedgerEntry:
    """Read an entry as DynamoDB returns it."""

    def text(name: str) -> str:
        return str(found.get(name, {}).get("S", ""))

    return LedgerEntry(
        write=Write(
            cast("Any", text("operation")), from_attributes(found["new"]["M"]), _item(found, "old")
        ),
        late=found["late"]["BOOL"],
        history=History(cast("Verdict", text("verdict")), text("detail")),
        current=_item(found, "current"),
        active_epoch=int(found["active_epoch"]["N"]),
        found_at=text("found_at"),
        found_by=cast("Finder", text("found_by")),
        arrived_at=text("arrived_at"),
        status=cast("Status", text("status")),
        resolved_by=text("resolved_by"),
        resolved_at=text("resolved_at"),
        replayed_as=text("replayed_as"),
    )


def _held(item: Item | None) -> dict[str, Any]:
    return {"M": attributes(item)} if item else {"NULL": True}


def _item(found: dict[str, Any], name: str) -> Item | None:
    held = found[name].get("M")
    return from_attributes(held) if held else None


def _value(item: Item | None) -> dict[str, Any] | None:
    if item is None:
        return None
    names = ("text", "version", "region", "epoch", "write_id", "updated_at", "deleted")
    return {name: getattr(item, name) for name in names}
