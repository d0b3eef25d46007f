"""Heartbeats in the items table."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from pilotlight.replication import heartbeat
from pilotlight.shared.conditional_write import write
from pilotlight.shared.timestamps import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.replication.heartbeat import Heartbeat, Server


class PartialAnswer(Exception):
    """DynamoDB did not answer every key: what is missing from the answer is not missing there."""


class Heartbeats:
    """The heartbeats of both Regions, as this Region's replica holds them."""

    def __init__(self, client: Any, items_table: str) -> None:
        self._client = client
        self._items = items_table

    def newest(self, region: str) -> Heartbeat | None:
        """Return a Region's newest heartbeat."""
        found = self._client.get_item(
            TableName=self._items, Key=heartbeat.key(region), ConsistentRead=True
        )
        return heartbeat.from_attributes(found["Item"]) if "Item" in found else None

    def beat(self, region: str, last: Heartbeat | None, new: Heartbeat) -> bool:
        """Write the next heartbeat over the one that was read. False: another one came first."""
        over: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if last is not None:
            over = {
                "ConditionExpression": "seq = :read",
                "ExpressionAttributeValues": {":read": {"N": str(last.seq)}},
            }
        item = {**heartbeat.key(region), **heartbeat.attributes(new)}
        return write(self._client.put_item, TableName=self._items, Item=item, **over)

    def copy(self, beat: Heartbeat, region: str, *, active: bool) -> None:
        """Write the heartbeat to the other keys."""
        items = heartbeat.copies(beat, region, active=active)
        if items:
            puts = [{"PutRequest": {"Item": item}} for item in items]
            self._client.batch_write_item(RequestItems={self._items: puts})

    def held(self, region: str) -> list[Heartbeat | None]:
        """Return what is held here of each key of a Region."""
        keys = [heartbeat.key(region, n) for n in range(heartbeat.KEYS)]
        asked = {self._items: {"Keys": keys, "ConsistentRead": True}}
        found = self._client.batch_get_item(RequestItems=asked)
        if found.get("UnprocessedKeys"):
            raise PartialAnswer(f"{self._items} answered in part.")
        rows = cast("list[Any]", found["Responses"].get(self._items, []))
        by_key = {i["pk"]["S"]: heartbeat.from_attributes(i) for i in rows}
        return [by_key.get(k["pk"]["S"]) for k in keys]


class HeartbeatWriter:
    """Writes the heartbeats while a Region that is active serves requests.

    Several environments share them: each looks when it believes the next one to be due.
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
        """Write the next heartbeat where it is due, and never fail: the estimate grows instead."""
        try:
            if self._is_due(server):
                self._last = self._heartbeats.newest(self._region)
            if self._is_due(server):
                self._write(server)
        except (BotoCoreError, ClientError, heartbeat.HeartbeatInvalid):
            return

    def _is_due(self, server: Server) -> bool:
        return self._last is None or self._last.due(self._clock(), self._interval_ms, server)

    def _write(self, server: Server) -> None:
        new = heartbeat.next_heartbeat(self._last, now=self._clock(), by=f"{server} {self._id}")
        if self._heartbeats.beat(self._region, self._last, new):
            self._last = new
            self._heartbeats.copy(new, self._region, active=True)
