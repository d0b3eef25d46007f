"""What others have recorded for a recovery: heartbeats, the sentinel, the scheduled verdict.

None of it checks the Secondary. What cannot be read is returned as an error, and fails nothing.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pilot_light_client import heartbeat
from pilot_light_client.table_errors import translated
from pilot_light_client.timestamps import milliseconds

from pilotlight.recoveries import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from pilot_light_client.heartbeat_table import Heartbeats


def recorded_signals(
    heartbeats: Heartbeats, dynamodb: DynamoDBClient, recoveries_table: str, primary_region: str
) -> dict[str, Any]:
    """Return each signal, as evidence."""
    return read_all(
        {
            "replication": lambda: heartbeat.replica_state(
                heartbeats.read_all(primary_region), milliseconds()
            ),
            "sentinel": lambda: texts(dynamodb, recoveries_table, schema.SENTINEL),
            "scheduled": lambda: texts(dynamodb, recoveries_table, schema.READINESS),
        }
    )


def texts(dynamodb: DynamoDBClient, table: str, key: str) -> dict[str, str]:
    """Return the strings of an item, without the long ones."""
    item = plain_item(dynamodb, table, key)
    return {k: v for k, v in item.items() if isinstance(v, str) and k != "checks"}


def plain_item(dynamodb: DynamoDBClient, table: str, key: str) -> dict[str, Any]:
    """Return an item by its partition key, as plain values without the key; empty if missing."""
    with translated():
        response = dynamodb.get_item(TableName=table, Key={"pk": {"S": key}}, ConsistentRead=True)
    return schema.plain(response.get("Item", {}))


def read_all(readers: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Call all readers at once, and return what each returned, or its error."""
    with ThreadPoolExecutor(max(len(readers), 1)) as pool:
        return dict(zip(readers, pool.map(_or_error, readers.values()), strict=True))


def _or_error(reader: Callable[[], Any]) -> Any:
    try:
        return reader()
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
