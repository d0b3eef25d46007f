"""What a DynamoDB request needs of a strong table, read from its operation and body alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WRITES = {"PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}
TRANSACTIONS = {"TransactWriteItems", "TransactGetItems", "ExecuteTransaction"}
STATEMENTS = {"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"}
BATCHES = {"BatchWriteItem", "BatchGetItem"}
# AWS refuses these, or most of what they can do, on strong tables.
TABLES = {"DeleteTable", "UpdateTimeToLive"}
MEMBERS = {"ReplicaUpdates", "GlobalTableWitnessUpdates"}
CHANGES = {"TableName", "DeletionProtectionEnabled", *MEMBERS}
Keys = tuple[str, ...]


@dataclass(frozen=True)
class StrongCall:
    """A request that names a strong table.

    Parameters
    ----------
    needs_latest
        Whether it needs the latest version. Otherwise it is an eventual read.
    written
        The key of the item that it writes, as text.
    refusal
        Why no table with strong consistency takes it.
    """

    table: str
    needs_latest: bool = False
    written: str | None = None
    refusal: str | None = None


def read(operation: str, data: Any, strong: Mapping[str, Keys]) -> StrongCall | None:
    """Read a request. None: it names no strong table, or DynamoDB would not take it.

    Parameters
    ----------
    strong
        The strong tables, with the names of their key attributes.
    """
    try:
        names = map(table_name, tables(operation, data, strong))
        table = next((name for name in names if name in strong), None)
        if table is None:
            return None
        if operation in TRANSACTIONS:
            return StrongCall(table, refusal="Transactions are not supported")
        if operation in BATCHES | STATEMENTS | TABLES:
            return StrongCall(table, refusal=f"The lab does not model {operation}")
        if operation == "UpdateTable" and (other := sorted(set(data) - CHANGES)):
            return StrongCall(table, refusal=f"The lab does not model UpdateTable of {other[0]}")
        if operation not in WRITES:
            return StrongCall(table, bool(data.get("ConsistentRead")))
        item = data[WRITES[operation]]
        key = json.dumps([item.get(name) for name in strong[table]], sort_keys=True)
        return StrongCall(table, needs_latest=True, written=key)
    except (AttributeError, KeyError, StopIteration, TypeError):
        return None


def table_name(name_or_arn: Any) -> str:
    """Return a table's name, which a request may give as its ARN."""
    return str(name_or_arn).rsplit("/", 1)[-1]


def writes_to(table: str, operation: str, body: bytes) -> bool:
    """Return whether a request writes items of a table, by itself or within a batch."""
    if operation not in {*WRITES, "BatchWriteItem", "TransactWriteItems"}:
        return False
    try:
        return table in map(table_name, tables(operation, json.loads(body)))
    except (AttributeError, KeyError, StopIteration, TypeError, ValueError):
        return False


def tables(operation: str, data: Any, strong: Iterable[str] = ()) -> Iterable[Any]:
    """Return the tables that a request names; of a PartiQL statement, only strong ones."""
    if operation in STATEMENTS:
        return [name for name in strong if name in json.dumps(data)]
    if operation in BATCHES:
        return list(data["RequestItems"])
    if operation in TRANSACTIONS:
        return [next(iter(item.values()))["TableName"] for item in data["TransactItems"]]
    return [data["TableName"]]
