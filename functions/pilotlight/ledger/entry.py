"""An entry of the ledger of writes that a disaster left behind, and how it is stored."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from pilot_light_client.attributes import (
    AttributeInvalid,
    flag,
    is_key,
    is_null,
    mapping,
    number,
    text,
    try_text,
)
from pilot_light_client.journal import (
    Item,
    Ref,
    Version,
    Write,
    shard_of as journal_shard_of,
)
from pilot_light_client.journal_days import LEAST_DAYS
from pilot_light_client.ulid_format import at as ulid_at

from pilotlight.journal.history import History, Verdict
from pilotlight.shared import contract

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pilot_light_client.attributes import Row
    from pilot_light_client.journal import Operation

Status = Literal["open", "accepted", "replayed"]
Finder = Literal["stream", "reconcile", "promotion"]
SHARDS_PREFIX = "L#"
# A ledger has few rows. It divides the journal's shards, so that a row's shard never changes.
SHARDS = 4
KINDS = ("late", "lost", "unknown")
# DynamoDB stores 400 KB in one row, and a row has up to three images.
LONGEST_IMAGE = 100_000
# Takes the place of a longer image.
OMITTED = "pilot_light_omitted"
# A list shows this much of each image.
LONGEST_SHOWN = 4_000


@dataclass(frozen=True)
class LedgerEntry:
    """A write that was not here when the epoch ended, or that is gone from its item.

    `current` is the item when it was last read, None if it was missing, `old` the item that the
    write was made over, if the journal has it. `arrived_at` is empty until the entry arrives here.
    `active_epoch` is the epoch in which the entry was found.
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
    old: Item | None = None

    @property
    def write_id(self) -> str:
        """The id of the write, which is the id of the entry."""
        return self.write.id

    @property
    def is_to_come(self) -> bool:
        """Whether its item may still arrive and overwrite something; its entry may be here."""
        return is_to_come(late=self.late, verdict=self.history.verdict)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Why it is in the ledger: late, lost, or unknown. Without any it does not belong there."""
        return kinds_of(late=self.late, verdict=self.history.verdict)


def is_to_come(*, late: bool, verdict: Verdict) -> bool:
    """Return whether the item of a write may still arrive and overwrite something."""
    return verdict == "pending" or (late and verdict != "kept")


def kinds_of(*, late: bool, verdict: Verdict) -> tuple[str, ...]:
    """Return why a write is in the ledger."""
    kinds = ("late",) if late else ()
    return (*kinds, verdict) if verdict in ("lost", "unknown") else kinds


def is_late(row: Row) -> bool:
    """Return whether a row, or an index's part of it, is of a late write. Unreadable: it is."""
    try:
        return flag(row, "late")
    except AttributeInvalid:
        return True


def verdict_of(row: Row) -> Verdict:
    """Return the verdict of a row, or of an index's part of it; `unknown` where it has none."""
    verdict = try_text(row, "verdict")
    return cast("Verdict", verdict) if verdict in get_args(Verdict) else "unknown"


def unreadable_entry(
    write: Write, active_epoch: int, found_at: str, found_by: Finder
) -> LedgerEntry:
    """Return the ledger entry for the placeholder of a journal entry that cannot be read."""
    detail = "The journal entry cannot be read. Look at its row in the journal."
    history = History("unknown", detail)
    return LedgerEntry(write, False, history, None, active_epoch, found_at, found_by)


def expired_entry(epoch: int, since: str, active_epoch: int, found_at: str) -> LedgerEntry:
    """Return the ledger entry for writes of an epoch that nobody can name any more.

    Its id is a ULID of the year 1970 with the epoch at its end: no write has it.
    """
    detail = (
        f"Entries of epoch {epoch} since {since} may have expired before they were compared: "
        f"they are kept for {LEAST_DAYS} days or more. What was lost of it, and what it overwrote, "
        "is not all in this ledger. Compare the items with records of your own, then accept this."
    )
    version = Version(0, ulid_at(0, epoch.to_bytes(10, "big")), "unknown", epoch)
    write = Write("put", Item(Ref("unknown", ""), version, "", {}), None)
    history = History("unknown", detail)
    return LedgerEntry(write, False, history, None, active_epoch, found_at, "reconcile")


def shard_of(write_id: str) -> int:
    """Return the shard of the ledger in which the entry of a write is."""
    return journal_shard_of(write_id) % SHARDS


def key(write_id: str) -> dict[str, Any]:
    """Return the key of a ledger entry, attribute types included."""
    return {"pk": {"S": f"{SHARDS_PREFIX}{shard_of(write_id)}"}, "sk": {"S": write_id}}


def public(entry: LedgerEntry) -> dict[str, Any]:
    """Return an entry as people and machines see it."""
    new = entry.write.new
    shown: dict[str, Any] = {
        "write_id": entry.write_id,
        "kinds": list(entry.kinds),
        "status": entry.status,
        "table": new.ref.table,
        "key": _plain(new.ref.attributes) if new.ref.key else None,
        "operation": entry.write.operation,
        "region": new.version.region,
        "epoch": new.version.epoch,
        "version": new.version.number,
        "written_at": new.at,
        "arrived_at": entry.arrived_at or None,
        "found_at": entry.found_at,
        "found_by": entry.found_by,
        "active_epoch": entry.active_epoch,
        "history": asdict(entry.history),
        "new": _value(new),
        "old": _value(entry.old),
        "current": _value(entry.current),
    }
    if entry.status != "open":
        shown |= {"resolved_by": entry.resolved_by, "resolved_at": entry.resolved_at}
    if entry.replayed_as:
        shown["replayed_as"] = entry.replayed_as
    return shown


def counts(kinds: Collection[tuple[str, ...]]) -> dict[str, int]:
    """Count open entries, and how many of them are late, lost and unknown, by their kinds."""
    return {"open": len(kinds), **{kind: sum(kind in of for of in kinds) for kind in KINDS}}


def fact(counted: Mapping[str, Any], level: int) -> dict[str, Any]:
    """Return the ledger's fact for the overview, from `counts`. An entry may be of two kinds.

    Journals that were not compared yet may add entries, so that none open is no promise.
    """
    if without := contract.ledger(level):
        return {"verdict": "unknown", "detail": without}
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
        "new": _stored_item(entry.write.new),
        "old": _stored_item(entry.old),
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
        version = Version(0, row["sk"]["S"], "unknown", 0)
        write = Write("put", Item(Ref("unknown", ""), version, "", {}), None)
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
            cast("Operation", text(row, "operation")), _read_item(mapping(row, "new")), None
        ),
        old=_item(row, "old"),
        late=flag(row, "late"),
        history=History(cast("Verdict", text(row, "verdict")), text(row, "detail")),
        current=_item(row, "current"),
        active_epoch=number(row, "active_epoch"),
        found_at=text(row, "found_at"),
        found_by=cast("Finder", text(row, "found_by")),
        arrived_at=try_text(row, "arrived_at") or "",
    )


def _stored_item(item: Item | None) -> dict[str, Any]:
    if item is None:
        return {"NULL": True}
    size = len(json.dumps(item.image, default=str))
    image = dict(item.image)
    if size > LONGEST_IMAGE:
        image = {OMITTED: {"S": f"{size} characters: see the item and its journal entry"}}
    return {
        "M": {
            "table": {"S": item.ref.table},
            "key": {"S": item.ref.key},
            "version": {"N": str(item.version.number)},
            "write_id": {"S": item.version.write_id},
            "region": {"S": item.version.region},
            "epoch": {"N": str(item.version.epoch)},
            "at": {"S": item.at},
            "deleted": {"BOOL": item.deleted},
            "image": {"M": image},
        }
    }


def _item(row: Row, name: str) -> Item | None:
    return None if is_null(row, name) else _read_item(mapping(row, name))


def _read_item(row: Row) -> Item:
    version = Version(
        number(row, "version"), text(row, "write_id"), text(row, "region"), number(row, "epoch")
    )
    ref = Ref(text(row, "table"), _key(text(row, "key")))
    return Item(ref, version, text(row, "at"), mapping(row, "image"), flag(row, "deleted"))


def _key(stored_key: str) -> str:
    """Return a key as it was stored, or raise AttributeInvalid for anything else."""
    try:
        if stored_key and not is_key(json.loads(stored_key)):
            raise AttributeInvalid("key")
    except (ValueError, AttributeError, RecursionError) as error:
        raise AttributeInvalid("key") from error
    return stored_key


def _value(item: Item | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return {
        "item": _shown(item),
        "version": item.version.number,
        "region": item.version.region,
        "epoch": item.version.epoch,
        "write_id": item.version.write_id,
        "written_at": item.at,
        "deleted": item.deleted,
    }


def _shown(item: Item) -> Any:
    """Return an item's attributes as JSON has them; a text of their beginning if there are many."""
    plain = _plain(item.image)
    as_text = json.dumps(plain)
    return plain if len(as_text) <= LONGEST_SHOWN else f"{as_text[:LONGEST_SHOWN]}..."


def _plain(row: Row) -> dict[str, Any]:
    """Return attributes without their types. What cannot be read is shown as it is."""
    return {name: _plain_value(value) for name, value in row.items()}


def _plain_value(attribute: Any) -> Any:
    if not isinstance(attribute, dict) or len(attribute) != 1:
        return str(attribute)
    ((kind, value),) = attribute.items()
    if kind == "M" and isinstance(value, dict):
        return _plain(value)
    if kind == "L" and isinstance(value, list):
        return [_plain_value(v) for v in value]
    if kind in ("SS", "NS") and isinstance(value, list | set):
        return sorted(map(str, value))
    if kind == "NULL":
        return None
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value if kind in ("S", "N", "BOOL") else str(value)
