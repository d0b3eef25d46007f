"""What can be seen of a planned move without a journal: a marker in each table has to arrive.

It shows that each table replicates, of one partition. It proves nothing of any write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilot_light_client.table_errors import translated
from pilot_light_client.timestamps import now

from pilotlight.journal.proof import TailsDiffer
from pilotlight.recoveries import schema
from pilotlight.shared import contract

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from pilotlight.shared.app_tables import AppTable, AppTables


@dataclass(frozen=True)
class Markers:
    """Markers of one run, from the source to the target."""

    regions: tuple[str, str]
    source: DynamoDBClient
    target: DynamoDBClient
    tables: AppTables
    run: str

    def arrive(self) -> list[str]:
        """Put a marker into each table of the source, and return the tables in which it arrived.

        Tables whose keys are numbers take none.

        Raises
        ------
        TailsDiffer
            One has yet to arrive. The next call looks again.
        """
        marked = [table for table in self.tables if table.takes_canaries]
        missing = [table.name for table in marked if not self._arrived(table)]
        if missing:
            source, target = self.regions
            raise TailsDiffer(f"A marker from {source} is missing in {target}: {missing}")
        for table in marked:
            with translated():
                self.source.delete_item(TableName=table.name, Key=self._key(table))
        return [table.name for table in marked]

    def _key(self, table: AppTable) -> dict[str, Any]:
        return table.canary_key(f"{schema.CANARY}{self.regions[0]}")

    def _arrived(self, table: AppTable) -> bool:
        item = {**self._key(table), "run": {"S": self.run}}
        if self._read(self.source, table) != item:
            with translated():
                self.source.put_item(TableName=table.name, Item=item)
        return bool(self._read(self.target, table) == item)

    def _read(self, client: DynamoDBClient, table: AppTable) -> Any:
        with translated():
            answer = client.get_item(
                TableName=table.name, Key=self._key(table), ConsistentRead=True
            )
        return answer.get("Item")


def nothing_to_compare(level: int) -> dict[str, Any]:
    """Return the comparison before the drain of an application that keeps no journal."""
    return {"caught_up": True, "watermark": "", "compared": 0, "level": level}


def seen(markers: Markers, level: int) -> dict[str, Any]:
    """Return what a move shows of an application that keeps no journal: no proof."""
    tables = markers.arrive() if level else []
    return {
        "complete": True,
        "proven": False,
        "detail": in_words(level, tables),
        "unreadable": 0,
        "writes": 0,
        "compared": 0,
        "watermark": "",
        "compared_at": now(),
    }


def in_words(level: int, tables: list[str]) -> str:
    """Return what was seen, and what was not."""
    kept = f"the application keeps no journal ({contract.in_words(level)})"
    if not level:
        return (
            f"Moved, unproven: {kept}. Nothing stopped its writes in the source, and nothing was "
            "compared."
        )
    arrived = f"a marker arrived in {', '.join(tables)}" if tables else "no table takes a marker"
    return f"Moved, unproven: {kept}. Replication was seen, not proven: {arrived}."
