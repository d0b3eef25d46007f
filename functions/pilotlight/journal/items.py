"""The application's items, as one Region's replicas hold them. Only what its contract declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilot_light_client.attributes import AttributeInvalid
from pilot_light_client.journal import Ref, from_row, unreadable_item
from pilot_light_client.table_errors import translated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.attributes import Row
    from pilot_light_client.journal import Item

    from pilotlight.shared.app_tables import AppTables

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
BATCH = 100


class AppItems:
    """Reads items, tombstones included. Each method may raise TableUnavailable.

    An item without a valid mark, or of a table that is not declared, is a placeholder.
    """

    def __init__(self, client: DynamoDBClient, tables: AppTables) -> None:
        self._client = client
        self._tables = tables

    def row(self, ref: Ref) -> Row | None:
        """Return an item's row, or None. It must be one of a declared table."""
        with translated():
            answer = self._client.get_item(
                TableName=ref.table, Key=ref.attributes, ConsistentRead=True
            )
        return answer.get("Item")

    def find(self, ref: Ref) -> Item | None:
        """Return an item, or None."""
        if not self._tables.holds(ref):
            return unreadable_item(ref)
        row = self.row(ref)
        return _read(ref, row) if row is not None else None

    def find_many(self, refs: Iterable[Ref]) -> dict[Ref, Item]:
        """Return the items that exist of up to a hundred."""
        every = sorted(set(refs))
        declared = [ref for ref in every if self._tables.holds(ref)]
        items = {ref: unreadable_item(ref) for ref in every if ref not in declared}
        if not declared:
            return items
        request: dict[str, Any] = {}
        for ref in declared:
            of_table = request.setdefault(ref.table, {"Keys": [], "ConsistentRead": True})
            of_table["Keys"].append(ref.attributes)
        with translated():
            answer: Any = self._client.batch_get_item(RequestItems=request)
        for table, rows in answer["Responses"].items():
            names = set(request[table]["Keys"][0])
            for row in rows:
                ref = Ref.of(table, {name: row[name] for name in names})
                items[ref] = _read(ref, row)
        # Keys that did not fit into one answer are read one by one.
        for table, unread in answer.get("UnprocessedKeys", {}).items():
            for ref in (Ref.of(table, key) for key in unread["Keys"]):
                item = self.find(ref)
                items |= {ref: item} if item else {}
        return items


def _read(ref: Ref, row: Row) -> Item:
    try:
        return from_row(ref, row)
    except AttributeInvalid:
        return unreadable_item(ref)
