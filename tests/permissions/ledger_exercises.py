"""A disaster's leavings, made up: what the ledger's two functions need their permissions for."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pilot_light_client import timestamps, ulid
from pilot_light_client.journal import MARK, mark_of, plan, transaction

from tests import journaled
from tests.deployed import FunctionFailed

if TYPE_CHECKING:
    from pilot_light_client.journal import Write

    from tests.deployed import DeployedLab

    # A table, and an item of it.
    Row = tuple[str, dict[str, Any]]


def arrivals(lab: DeployedLab) -> list[str]:
    """A late entry, and one that nobody can read."""
    entry = transaction(_left_behind(lab), f"{lab.app}-journal", None)[1]["Put"]["Item"]
    keys = {k: entry[k] for k in ("pk", "sk")}
    records = [_record(keys, entry), _record(keys, keys)]
    try:
        found = lab.invoke("ledger-stream", {"Records": records})
    except FunctionFailed as error:
        return [str(error)]
    wanted = {"batchItemFailures": []}
    return [] if found == wanted else [f"it answered {found}"]


def a_reconciled_and_replayed_write(lab: DeployedLab) -> list[str]:
    write = _left_behind(lab)
    name = write.id
    try:
        lab.invoke("ledger", {"action": "reconcile"})
        done = lab.invoke("ledger", {"action": "replay", "write_ids": [name], "by": "exercise"})
        lab.invoke("ledger", {"action": "list"})
    except FunctionFailed as error:
        return [str(error)]
    return [] if done["replayed"].get(name) else [f"it answered {done}"]


def a_missing_item(lab: DeployedLab) -> list[str]:
    """It arrives after the look: what never does holds up every planned move."""
    _, entries, item = _two_writes(lab)
    _put(lab, *entries)
    _promote(lab)
    try:
        found = lab.invoke("ledger", {"action": "note_missing"})
    except FunctionFailed as error:
        return [str(error)]
    finally:
        _put(lab, item)
    return [] if found["missing"] else [f"it answered {found}"]


def _left_behind(lab: DeployedLab) -> Write:
    write, entries, item = _two_writes(lab)
    _put(lab, *entries, item)
    _promote(lab)
    return write


def _two_writes(lab: DeployedLab) -> tuple[Write, list[Row], Row]:
    """A write of the Primary, and the last of two others over its item, of which one is unknown.

    So nobody can tell its history. With the journal entries of both, and the item.
    """
    lab.reset()
    now, item = timestamps.now(), journaled.ref(f"left-{ulid.new()}", lab.app)
    write = plan(
        item,
        {"text": {"S": "-"}},
        None,
        region=lab.primary,
        epoch=1,
        write_id=ulid.new(),
        at=now,
    )
    later = replace(write.new.version, number=3, write_id=ulid.new())
    unknown = replace(write.new.version, number=2, write_id=ulid.new())
    last = replace(write, new=replace(write.new, version=later), previous=unknown)
    made = (transaction(w, f"{lab.app}-journal", None) for w in (write, last))
    entries = [(f"{lab.app}-journal", puts[1]["Put"]["Item"]) for puts in made]
    mark = {MARK: {"M": mark_of(last.new)}}
    return write, entries, (item.table, {**write.new.image, **item.attributes, **mark})


def _put(lab: DeployedLab, *rows: Row) -> None:
    """Put rows into tables of both Regions."""
    for table, row in rows:
        for region in (lab.primary, lab.secondary):
            lab.client("dynamodb", region).put_item(TableName=table, Item=row)


def _promote(lab: DeployedLab) -> None:
    lab.serve(lab.secondary, 2)
    promoted = f'{{"promoted_at": "{timestamps.now()}"}}'
    lab.put("recoveries", pk="recovery#2", timeline=promoted)


def _record(keys: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    change = {"Keys": keys, "NewImage": new, "SequenceNumber": "1"}
    return {"dynamodb": {**change, "ApproximateCreationDateTime": int(time.time())}}
