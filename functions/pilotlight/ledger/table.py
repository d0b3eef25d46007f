"""The ledger's table: one row for each write, put whenever it is found, resolved once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pilot_light_client.attributes import try_text
from pilot_light_client.conditional_write import write
from pilot_light_client.journal import SHARDS
from pilot_light_client.table_errors import translated

from pilotlight.conditions.evidence import read_json
from pilotlight.journal.comparison import LOWEST
from pilotlight.ledger.entry import SHARDS_PREFIX, LedgerEntry, from_stored, key, stored

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from pilotlight.ledger.entry import Status

# As many items are read with one call.
BATCH = 100
CURSOR = {"pk": {"S": "reconcile"}, "sk": {"S": "cursor"}}


class AlreadyResolved(Exception):
    """An entry is missing or no longer open. The first resolution stays."""


class LedgerTable:
    """The Secondary's ledger."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def put(self, entry: LedgerEntry) -> bool:
        """Store an entry, and return whether it is open.

        A late entry stays late, and the time of the first finding stays. History and item are those
        of the last one. An entry that a person has resolved does not change.
        """
        values = {f":{name}": value for name, value in stored(entry).items()}
        names = {f"#{name}": name for name in (*stored(entry), "status")}
        sets = [f"#{name} = :{name}" for name in stored(entry)]
        first = {
            "found_at": {"S": entry.found_at},
            "found_by": {"S": entry.found_by},
            "active_epoch": {"N": str(entry.active_epoch)},
        }
        if entry.arrived_at:
            first["arrived_at"] = {"S": entry.arrived_at}
        if entry.late:
            sets.append("late = :late")
            values[":late"] = {"BOOL": True}
        else:
            first["late"] = {"BOOL": False}
        sets += [f"{name} = if_not_exists({name}, :{name})" for name in first]
        values |= {f":{name}": value for name, value in first.items()}
        return self._update(
            entry.write_id,
            UpdateExpression=f"SET #status = :open, {', '.join(sets)}",
            ConditionExpression="attribute_not_exists(pk) OR #status = :open",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={**values, ":open": {"S": "open"}},
        )

    def page(self, shard: int, after: str) -> tuple[list[LedgerEntry], str]:
        """Return a hundred entries of a shard after a write id, and after which to continue.

        Nothing to continue after is the shard's end.
        """
        with translated():
            page = self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :shard AND sk > :after",
                ExpressionAttributeValues={
                    ":shard": {"S": f"{SHARDS_PREFIX}{shard}"},
                    # A key attribute is never empty, and no write id is lower.
                    ":after": {"S": after or LOWEST},
                },
                ConsistentRead=True,
                Limit=BATCH,
            )
        stopped_at: Any = page.get("LastEvaluatedKey")
        entries = [from_stored(row) for row in page["Items"]]
        return entries, stopped_at["sk"]["S"] if stopped_at else ""

    def entries(self, status: Status | None = None) -> list[LedgerEntry]:
        """Return all entries, or those of a status, the oldest write first."""
        entries: list[LedgerEntry] = []
        for shard in range(SHARDS):
            with translated():
                pages = self._client.get_paginator("query").paginate(
                    TableName=self._table,
                    KeyConditionExpression="pk = :shard",
                    ExpressionAttributeValues={":shard": {"S": f"{SHARDS_PREFIX}{shard}"}},
                    ConsistentRead=True,
                )
                entries += [from_stored(row) for page in pages for row in page["Items"]]
        chosen = [e for e in entries if status in (None, e.status)]
        return sorted(chosen, key=lambda e: e.write_id)

    def accept(self, write_id: str, *, by: str, at: str) -> None:
        """Mark an open entry as accepted.

        Raises
        ------
        AlreadyResolved
            It is not open.
        """
        if not self._update(write_id, **_resolution("accepted", by=by, at=at)):
            raise AlreadyResolved(f"{write_id} is not open.")

    def replayed(self, write_id: str, *, by: str, at: str, as_: str) -> dict[str, Any]:
        """Return the item of a transaction that marks an open entry as replayed."""
        update = _resolution("replayed", by=by, at=at, as_=as_)
        return {"Update": {"TableName": self._table, "Key": key(write_id), **update}}

    def cursor(self) -> dict[str, Any]:
        """Return how far reconciling has come; empty before the first pass, or if unreadable."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=CURSOR, ConsistentRead=True)
        return dict(read_json(try_text(answer.get("Item", {}), "at"), {}))

    def put_cursor(self, cursor: dict[str, Any]) -> None:
        """Store how far reconciling has come."""
        item = {**CURSOR, "at": {"S": json.dumps(cursor)}}
        with translated():
            self._client.put_item(TableName=self._table, Item=item)

    def _update(self, write_id: str, **update: Any) -> bool:
        update |= {"TableName": self._table, "Key": key(write_id)}
        return write(self._client.update_item, **update)


def _resolution(status: Status, *, by: str, at: str, as_: str = "") -> dict[str, Any]:
    """Return the update of an entry that is open."""
    values = {":status": status, ":by": by, ":at": at, ":as": as_, ":open": "open"}
    return {
        "UpdateExpression": "SET #status = :status, resolved_by = :by, resolved_at = :at, "
        "replayed_as = :as",
        "ConditionExpression": "#status = :open",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {name: {"S": value} for name, value in values.items()},
    }
