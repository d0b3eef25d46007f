"""The ledger's table, as the template declares it, in moto."""

from __future__ import annotations

from typing import Any

from tools.reader.template import load


def create_ledger(client: Any, name: str) -> None:
    """Create an empty ledger with its indexes."""
    declared = load("secondary").nested["Data"].properties("LedgerTable")
    names = ("AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "BillingMode")
    client.create_table(TableName=name, **{n: declared[n] for n in names})
