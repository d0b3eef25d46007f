"""DynamoDB as far as the product's reading needs it: rows in order, and a count of what is read.

It charges as AWS documents: 1 MB for one answer of Query, 100 keys for one batch, a read unit for
each 4 KB of a strong read, rounded up for each query, and for each item of a batch.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
Anything that it does not know is an error.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from typing import Any

Row = dict[str, Any]
MEGABYTE = 1024 * 1024
UNIT_BYTES = 4096
BATCH = 100
CONDITION = re.compile(r"(\w+) = (:\w+)(?: AND (\w+) (?:> (:\w+)|BETWEEN (:\w+) AND (:\w+)))?")


class NotKnown(Exception):
    """A request that this engine does not know."""


@dataclass(frozen=True)
class Index:
    """A local secondary index: the attribute that orders it, and what it holds besides keys."""

    key: str
    holds: tuple[str, ...] = ()


class Sorted:
    """Rows in the order of a key, with their bytes."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.rows: list[tuple[Row, int]] = []

    def put(self, key: str, row: Row, size: int) -> None:
        """Add a row, or replace the one of the key."""
        if not self.keys or self.keys[-1] < key:
            self.keys.append(key)
            self.rows.append((row, size))
            return
        at = bisect_left(self.keys, key)
        if self.keys[at] == key:
            self.rows[at] = (row, size)
        else:
            self.keys.insert(at, key)
            self.rows.insert(at, (row, size))

    def get(self, key: str) -> tuple[Row, int] | None:
        """Return the row of a key, with its bytes."""
        at = bisect_left(self.keys, key)
        return self.rows[at] if self.keys[at : at + 1] == [key] else None


class Table:
    """A table with a hash key, and perhaps a range key, of texts."""

    def __init__(self, *key: str, **indexes: Index) -> None:
        self.key = key
        self.indexes = indexes
        self._parts: dict[tuple[str | None, str], Sorted] = {}
        # Where there is no range key, each partition is one row.
        self._alone: dict[str, tuple[Row, int]] = {}

    def part(self, partition: str, index: str | None = None) -> Sorted:
        """Return the rows of a partition, of the table or of one of its indexes."""
        return self._parts.setdefault((index, partition), Sorted())

    def put(self, row: Row, size: int | None = None) -> None:
        """Store a row. A row may stand for a larger one of so many bytes."""
        size = size_of(row) if size is None else size
        partition, *sort = (_text(row[name]) for name in self.key)
        if not sort:
            self._alone[partition] = (row, size)
            return
        self.part(partition).put(sort[0], row, size)
        for name, index in self.indexes.items():
            if index.key in row:
                names = (*self.key, index.key, *index.holds)
                held = {n: row[n] for n in names if n in row}
                self.part(partition, name).put(_text(row[index.key]), held, size_of(held))

    def find(self, key: Row) -> tuple[Row, int] | None:
        """Return the row of a key, with its bytes."""
        partition, *sort = (_text(key[name]) for name in self.key)
        return self.part(partition).get(sort[0]) if sort else self._alone.get(partition)


@dataclass
class Region:
    """One Region's replicas, and what was read of each: requests, rows, read units, bytes."""

    tables: dict[str, Table]
    read: dict[str, Counter[str]] = field(default_factory=dict)

    def ask(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer a request.

        Raises
        ------
        NotKnown
            The operation, or an expression in it, is none that the product's reading uses.
        """
        operations = {
            "Query": self._query,
            "GetItem": self._get,
            "BatchGetItem": self._batch,
            "PutItem": self._put,
            "UpdateItem": self._update,
        }
        if operation not in operations:
            raise NotKnown(operation)
        return operations[operation](asked)

    def total(self, what: str, *tables: str) -> float:
        """Return the sum of one count, over some tables or all."""
        return sum(n[what] for name, n in self.read.items() if not tables or name in tables)

    def _count(self, table: str, **counts: float) -> None:
        self.read.setdefault(table, Counter()).update(counts)

    def _query(self, asked: dict[str, Any]) -> dict[str, Any]:
        table, index = self.tables[asked["TableName"]], asked.get("IndexName")
        if index is not None and index not in table.indexes:
            raise NotKnown(f"the index {index}")
        part, low, high = _bounds(table, index, asked)
        backwards = asked.get("ScanIndexForward") is False
        if start := asked.get("ExclusiveStartKey"):
            at = _text(start[table.indexes[index].key if index else table.key[1]])
            if backwards:
                high = min(high, bisect_left(part.keys, at))
            else:
                low = max(low, bisect_right(part.keys, at))
        found: list[Row] = []
        size, step = 0, -1 if backwards else 1
        places = range(low, high)[::step]
        for place in places:
            row, row_size = part.rows[place]
            if len(found) == asked.get("Limit", len(places) + 1) or size + row_size > MEGABYTE:
                break
            found.append(row)
            size += row_size
        strong = 1.0 if asked.get("ConsistentRead") else 0.5
        self._count(
            asked["TableName"],
            requests=1,
            rows=len(found),
            units=max(1, ceil(size / UNIT_BYTES)) * strong,
            bytes=size,
        )
        answer: dict[str, Any] = {"Items": [_projected(row, asked) for row in found]}
        # DynamoDB names a last key also where the limit was the end.
        more = len(found) < len(places) or len(found) == asked.get("Limit")
        if more and found:
            names = (*table.key, *((table.indexes[index].key,) if index else ()))
            answer["LastEvaluatedKey"] = {name: found[-1][name] for name in names}
        return answer

    def _get(self, asked: dict[str, Any]) -> dict[str, Any]:
        row = self._one(asked["TableName"], asked["Key"], asked)
        self._count(asked["TableName"], requests=1)
        return {"Item": _projected(row, asked)} if row else {}

    def _batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        of_tables = asked["RequestItems"]
        if sum(len(of_table["Keys"]) for of_table in of_tables.values()) > BATCH:
            raise NotKnown(f"more than {BATCH} keys")
        answers = {}
        for name, of_table in of_tables.items():
            rows = [self._one(name, key, of_table) for key in of_table["Keys"]]
            answers[name] = [_projected(row, of_table) for row in rows if row]
            self._count(name, requests=1)
        return {"Responses": answers, "UnprocessedKeys": {}}

    def _one(self, table: str, key: Row, asked: dict[str, Any]) -> Row | None:
        found = self.tables[table].find(key)
        size = found[1] if found else 0
        units = max(1, ceil(size / UNIT_BYTES)) * (1.0 if asked.get("ConsistentRead") else 0.5)
        self._count(table, rows=int(found is not None), units=units, bytes=size)
        return found[0] if found else None

    def _put(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.tables[asked["TableName"]].put(asked["Item"])
        self._count(asked["TableName"], requests=1, writes=1)
        return {}

    def _update(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Set attributes. There is one writer, so that its conditions hold."""
        table, sets = self.tables[asked["TableName"]], asked["UpdateExpression"]
        pairs = re.findall(r"(\w+) = (:\w+)", sets)
        if sets != "SET " + ", ".join(f"{name} = {value}" for name, value in pairs):
            raise NotKnown(sets)
        found = table.find(asked["Key"])
        values = asked["ExpressionAttributeValues"]
        table.put({**(found[0] if found else asked["Key"]), **{n: values[v] for n, v in pairs}})
        self._count(asked["TableName"], requests=1, writes=1)
        return {}


def size_of(row: Row) -> int:
    """Return a row's bytes: its names, and its values.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + _value_size(value) for name, value in row.items())


def _value_size(attribute: Row) -> int:
    ((kind, value),) = attribute.items()
    if kind == "S":
        return len(value.encode())
    if kind == "N":
        return len(value) // 2 + 2
    if kind == "M":
        return 3 + len(value) + size_of(value)
    if kind == "L":
        return 3 + len(value) + sum(map(_value_size, value))
    if kind in ("BOOL", "NULL"):
        return 1
    raise NotKnown(f"the type {kind}")


def _text(attribute: Row) -> str:
    return str(attribute["S"])


def _bounds(table: Table, index: str | None, asked: dict[str, Any]) -> tuple[Sorted, int, int]:
    """Return a partition, and from which of its rows to which a key condition leads."""
    match = CONDITION.fullmatch(asked["KeyConditionExpression"])
    order = table.indexes[index].key if index else table.key[1]
    if not match or match[1] != table.key[0] or match[3] not in (None, order):
        raise NotKnown(asked["KeyConditionExpression"])
    values = {name: _text(value) for name, value in asked["ExpressionAttributeValues"].items()}
    part = table.part(values[match[2]], index)
    if match[4]:
        return part, bisect_right(part.keys, values[match[4]]), len(part.keys)
    if match[5]:
        low, high = values[match[5]], values[match[6]]
        return part, bisect_left(part.keys, low), bisect_right(part.keys, high)
    return part, 0, len(part.keys)


def _projected(row: Row, asked: dict[str, Any]) -> Row:
    """Return what a projection names: attributes, and attributes of maps."""
    expression = asked.get("ProjectionExpression")
    if expression is None:
        return row
    names, projected = asked.get("ExpressionAttributeNames", {}), Row()
    for path in expression.split(", "):
        name, *inner = (names.get(part, part) for part in path.split("."))
        if name in row and not inner:
            projected[name] = row[name]
        elif name in row and inner[0] in row[name].get("M", {}):
            part = projected.setdefault(name, {"M": {}})["M"]
            part[inner[0]] = row[name]["M"][inner[0]]
    return projected
