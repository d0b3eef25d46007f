"""What a DynamoDB request wants of strong tables: read from its operation and body alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WRITES = {"PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}
TRANSACTIONS = {"TransactWriteItems", "TransactGetItems", "ExecuteTransaction"}
# A PartiQL statement may write; what it wants is not looked into.
STATEMENTS = {"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"}
Keys = tuple[str, ...]


@dataclass(frozen=True)
class StrongCall:
    """A request that names strong tables.

    Parameters
    ----------
    strong
        Those tables of which it needs the latest version. Of the others it is an eventual read.
    written
        The items that it writes there: table, and key as text.
    """

    operation: str
    strong: tuple[str, ...]
    written: tuple[tuple[str, str], ...]

    @property
    def is_transaction(self) -> bool:
        """Whether it wants several items at once."""
        return self.operation in TRANSACTIONS


def read(operation: str, data: Any, known: Mapping[str, Keys]) -> StrongCall | None:
    """Read a request. None: it names no strong table, or is none that DynamoDB would take.

    Parameters
    ----------
    known
        The strong tables, with the names of their key attributes.
    """
    try:
        named = [(n, strong) for n, strong in _tables(operation, data, known) if n in known]
        if not named:
            return None
        items = [(n, item) for n, item in _written(operation, data) if n in known]
        return StrongCall(
            operation,
            tuple(dict.fromkeys(name for name, strong in named if strong)),
            tuple((name, _key(item, known[name])) for name, item in items),
        )
    except (AttributeError, KeyError, StopIteration, TypeError):
        return None


def table_name(given: Any) -> str:
    """Return a table's name, which may be given as its ARN."""
    return str(given).rsplit("/", 1)[-1]


def _tables(operation: str, data: Any, known: Iterable[str]) -> list[tuple[str, bool]]:
    """Return the tables that a request names, and whether it needs their latest version."""
    if operation in STATEMENTS:
        return [(name, True) for name in known if name in json.dumps(data)]
    if operation == "BatchWriteItem":
        return [(table_name(name), True) for name in data["RequestItems"]]
    if operation == "BatchGetItem":
        asked = data["RequestItems"].items()
        return [(table_name(name), bool(a.get("ConsistentRead"))) for name, a in asked]
    if operation in TRANSACTIONS:
        actions = [next(iter(item.values())) for item in data["TransactItems"]]
        return [(table_name(action["TableName"]), True) for action in actions]
    strong = operation in WRITES or bool(data.get("ConsistentRead"))
    return [(table_name(data["TableName"]), strong)]


def _written(operation: str, data: Any) -> list[tuple[str, Any]]:
    """Return the items that a request writes, whole or by their keys, with their tables."""
    if operation in WRITES:
        return [(table_name(data["TableName"]), data[WRITES[operation]])]
    if operation != "BatchWriteItem":
        return []
    return [
        (table_name(name), request.get("PutRequest", request.get("DeleteRequest")))
        for name, requests in data["RequestItems"].items()
        for request in requests
    ]


def _key(item: Any, keys: Keys) -> str:
    """Return an item's key as text. A request of a batch holds the item, or its key, once more."""
    found = item.get("Item", item.get("Key", item)) if keys[0] not in item else item
    return json.dumps([found.get(name) for name in keys], sort_keys=True)
