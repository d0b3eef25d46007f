"""The ledger's table: one row for each write, put whenever it is found, resolved once."""

from __future__ import annotations

import heapq
import json
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from pilot_light_client.attributes import try_text
from pilot_light_client.conditional_write import write
from pilot_light_client.table_errors import TableUnavailable, translated

from pilotlight.conditions.evidence import read_json
from pilotlight.journal.comparison import LOWEST
from pilotlight.ledger.entry import (
    SHARDS,
    SHARDS_PREFIX,
    LedgerEntry,
    from_stored,
    is_late,
    is_to_come,
    key,
    kinds_of,
    stored,
    verdict_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.attributes import Row

    from pilotlight.ledger.entry import Status

# As many items are read with one call.
BATCH = 100
CURSOR = {"pk": {"S": "reconcile"}, "sk": {"S": "cursor"}}
# Local secondary indexes: their reads are consistent. A row is in one as long as it has the
# attribute of the same name, which orders it. Both hold `late` and `verdict`, too.
OPEN, TO_COME = "open_id", "to_come_from"
# Epochs are written with as many digits, so that texts sort as they do.
DIGITS = 15


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
        sets.append(f"{OPEN} = :id")
        values[":id"] = {"S": entry.write_id}
        removes = ""
        if entry.history.verdict == "kept":
            removes = f" REMOVE {TO_COME}"
        else:
            # Whether it is late is known when it is read: what was late stays late.
            sets.append(f"{TO_COME} = :to_come")
            epoch = entry.write.new.version.epoch
            values[":to_come"] = {"S": f"{epoch:0{DIGITS}}#{entry.write_id}"}
        return self._update(
            entry.write_id,
            UpdateExpression=f"SET #status = :open, {', '.join(sets)}{removes}",
            ConditionExpression="attribute_not_exists(pk) OR #status = :open",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={**values, ":open": {"S": "open"}},
        )

    def page(self, shard: int, after: str) -> tuple[list[LedgerEntry], str]:
        """Return the open ones of a shard after a write id, a hundred, and after which to continue.

        Nothing to continue after is the shard's end.
        """
        page = self._query(shard, OPEN, after or LOWEST, Limit=BATCH)
        stopped_at: Any = page.get("LastEvaluatedKey")
        entries = self.find(row["sk"]["S"] for row in page["Items"])
        still_open = [e for e in entries.values() if e.status == "open"]
        return still_open, stopped_at["sk"]["S"] if stopped_at else ""

    def first_to_come(self, shard: int) -> int:
        """Return the first epoch of which a write of a shard is still to come, or 0.

        Resolved entries count: their items may arrive all the same.
        """
        for row in self._every(shard, TO_COME, few=1, factor=2):
            if is_to_come(late=is_late(row), verdict=verdict_of(row)):
                digits = row[TO_COME]["S"][:DIGITS]
                # What nobody of ours wrote may come from the first epoch on.
                return int(digits) if digits.isdecimal() else 1
        return 0

    def find(self, write_ids: Iterable[str]) -> dict[str, LedgerEntry]:
        """Return the entries that exist of some write ids, the oldest first.

        Raises
        ------
        TableUnavailable
            DynamoDB did not answer every key.
        """
        ids, found = sorted(set(write_ids)), dict[str, LedgerEntry]()
        for n in range(0, len(ids), BATCH):
            for row in self._read([key(w) for w in ids[n : n + BATCH]]):
                found[row["sk"]["S"]] = from_stored(row)
        return dict(sorted(found.items()))

    def open_kinds(self) -> dict[str, tuple[str, ...]]:
        """Return the kinds of each open entry, the oldest write first."""
        rows = [row for shard in range(SHARDS) for row in self._every(shard, OPEN)]
        kinds = {
            row["sk"]["S"]: kinds_of(late=is_late(row), verdict=verdict_of(row)) for row in rows
        }
        return dict(sorted(kinds.items()))

    def entries(self, after: str = "", limit: int | None = None) -> list[LedgerEntry]:
        """Return the first entries after a write id, resolved ones too, or all; the oldest first.

        Shards are read a few rows at a time, so that few are read in vain.
        """
        few = limit and limit // (2 * SHARDS) + 1
        rows = heapq.merge(
            *(self._every(shard, None, after, few) for shard in range(SHARDS)),
            key=lambda row: row["sk"]["S"],
        )
        return [from_stored(row) for row in islice(rows, limit)]

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

    def _query(self, shard: int, index: str | None, after: str, **more: Any) -> dict[str, Any]:
        given: dict[str, Any] = {"IndexName": index} if index else {}
        with translated():
            page: Any = self._client.query(
                TableName=self._table,
                KeyConditionExpression=f"pk = :shard AND {index or 'sk'} > :after",
                ExpressionAttributeValues={
                    ":shard": {"S": f"{SHARDS_PREFIX}{shard}"},
                    # A key attribute is never empty, and no write id is lower.
                    ":after": {"S": after or LOWEST},
                },
                ConsistentRead=True,
                **given,
                **more,
            )
        return cast("dict[str, Any]", page)

    def _every(
        self,
        shard: int,
        index: str | None,
        after: str = "",
        few: int | None = None,
        factor: int = 1,
    ) -> Iterator[Row]:
        """Yield the rows of a shard in order: all at once, or a few, then a factor as many."""
        while True:
            page = self._query(shard, index, after, **({"Limit": few} if few else {}))
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            after = page["LastEvaluatedKey"][index or "sk"]["S"]
            few = few and few * factor

    def _read(self, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows of up to a hundred keys. What did not fit in one answer is read again."""
        left, rows = keys, list[dict[str, Any]]()
        while left:
            request: Any = {self._table: {"Keys": left, "ConsistentRead": True}}
            with translated():
                answer: Any = self._client.batch_get_item(RequestItems=request)
            rows += answer["Responses"].get(self._table, [])
            unread = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            if len(unread) == len(left):
                raise TableUnavailable(
                    "throttled", f"The ledger answered none of {len(left)} keys."
                )
            left = unread
        return rows

    def _update(self, write_id: str, **update: Any) -> bool:
        update |= {"TableName": self._table, "Key": key(write_id)}
        return write(self._client.update_item, **update)


def _resolution(status: Status, *, by: str, at: str, as_: str = "") -> dict[str, Any]:
    """Return the update of an entry that is open."""
    values = {":status": status, ":by": by, ":at": at, ":as": as_, ":open": "open"}
    return {
        "UpdateExpression": "SET #status = :status, resolved_by = :by, resolved_at = :at, "
        f"replayed_as = :as REMOVE {OPEN}",
        "ConditionExpression": "#status = :open",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {name: {"S": value} for name, value in values.items()},
    }
