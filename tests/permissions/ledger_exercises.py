"""A disaster's leavings, made up: what the ledger's two functions need their permissions for."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pilot_light_client import timestamps
from pilotlight.items.writes import attributes, item_key, plan, transaction
from ulid import ULID

from tests.deployed import FunctionFailed

if TYPE_CHECKING:
    from pilotlight.items.writes import Write

    from tests.deployed import DeployedLab


def arrivals(lab: DeployedLab) -> list[str]:
    """A late entry, and one that nobody can read."""
    write, table = _left_behind(lab), f"{lab.app}-items"
    entry = transaction(write, table)[1]["Put"]["Item"]
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
    name = write.new.write_id
    try:
        lab.invoke("ledger", {"action": "reconcile"})
        done = lab.invoke("ledger", {"action": "replay", "write_ids": [name], "by": "exercise"})
    except FunctionFailed as error:
        return [str(error)]
    return [] if done["replayed"].get(name) else [f"it answered {done}"]


def _left_behind(lab: DeployedLab) -> Write:
    """A write of the Primary whose item goes on without a journal: nobody can tell its history."""
    lab.reset()
    now, table = timestamps.now(), f"{lab.app}-items"
    write = plan(
        "create",
        item_id=f"left-{ULID()}",
        text="-",
        current=None,
        region=lab.primary,
        epoch=1,
        write_id=str(ULID()),
        now=now,
    )
    item = replace(write.new, version=3, write_id=str(ULID()))
    for row in (
        transaction(write, table)[1]["Put"]["Item"],
        {**item_key(item.id)} | attributes(item),
    ):
        for region in (lab.primary, lab.secondary):
            lab.client("dynamodb", region).put_item(TableName=table, Item=row)
    lab.serve(lab.secondary, 2)
    lab.put("recoveries", pk="recovery#2", timeline=f'{{"promoted_at": "{now}"}}')
    return write


def _record(keys: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    change = {"Keys": keys, "NewImage": new, "SequenceNumber": "1"}
    return {"dynamodb": {**change, "ApproximateCreationDateTime": int(time.time())}}
