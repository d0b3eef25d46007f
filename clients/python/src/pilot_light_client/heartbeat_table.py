"""Heartbeats in the journal table."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from pilot_light_client import heartbeat
from pilot_light_client.conditional_write import write
from pilot_light_client.table_errors import TableUnavailable, translated
from pilot_light_client.timestamps import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from pilot_light_client.heartbeat import Heartbeat, Server


class Heartbeats:
    """The heartbeats of both Regions in this Region's replica."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def newest(self, region: str) -> Heartbeat | None:
        """Return a Region's newest heartbeat, or None."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=heartbeat.key(region), ConsistentRead=True
            )
        return heartbeat.read(answer.get("Item"))

    def beat(self, region: str, last: Heartbeat | None, new: Heartbeat) -> bool:
        """Write the next heartbeat over the last one, and return False if another came first."""
        over: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if last is heartbeat.UNREADABLE:
            over = {}
        elif last is not None:
            over = {
                "ConditionExpression": "seq = :read",
                "ExpressionAttributeValues": {":read": {"N": str(last.seq)}},
            }
        item = {**heartbeat.key(region), **heartbeat.attributes(new)}
        return write(self._client.put_item, TableName=self._table, Item=item, **over)

    def copy(self, beat: Heartbeat, region: str) -> None:
        """Write the heartbeat of an active Region to the other keys: its writes may be lost."""
        puts: list[Any] = [{"PutRequest": {"Item": i}} for i in heartbeat.copies(beat, region)]
        with translated():
            self._client.batch_write_item(RequestItems={self._table: puts})

    def read_all(self, region: str) -> list[Heartbeat | None]:
        """Return the heartbeat of each key of a Region, None where none can be read."""
        keys = [heartbeat.key(region, n) for n in range(heartbeat.KEYS)]
        with translated():
            answer = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
        if answer.get("UnprocessedKeys"):
            raise TableUnavailable("throttled", f"{self._table} answered in part.")
        rows: list[Any] = answer["Responses"].get(self._table, [])
        by_key = {row["pk"]["S"]: heartbeat.read(row) for row in rows}
        beats = [by_key.get(key["pk"]["S"]) for key in keys]
        return [None if beat is heartbeat.UNREADABLE else beat for beat in beats]


class HeartbeatWriter:
    """Writes the heartbeats while a Region that is active serves requests.

    Several environments share them: each reads the newest when it believes the next to be due.
    """

    def __init__(
        self,
        heartbeats: Heartbeats,
        region: str,
        interval_ms: int,
        clock: Callable[[], int] = milliseconds,
    ) -> None:
        self._heartbeats, self._region, self._interval_ms = heartbeats, region, interval_ms
        self._clock = clock
        self._last: Heartbeat | None = None
        self._id = uuid.uuid4()

    def serve(self, server: Server) -> None:
        """Write the next heartbeat if it is due. Never fails: the estimate grows instead."""
        try:
            if self._is_due(server):
                self._last = self._heartbeats.newest(self._region)
            if self._is_due(server):
                self._write(server)
        except TableUnavailable:
            return

    def _is_due(self, server: Server) -> bool:
        return self._last is None or self._last.due(self._clock(), self._interval_ms, server)

    def _write(self, server: Server) -> None:
        new = heartbeat.next_heartbeat(self._last, now=self._clock(), by=f"{server} {self._id}")
        if self._heartbeats.beat(self._region, self._last, new):
            self._last = new
            self._heartbeats.copy(new, self._region)
