"""Heartbeats and echoes in their tables, and all that the fence of a Primary reads, in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from pilotlight import moments
from pilotlight.domain import echo as echoes, heartbeat
from pilotlight.domain.control import CONTROL_KEY, ControlItem, ControlItemInvalid
from pilotlight.domain.fence import Proof

if TYPE_CHECKING:
    from datetime import datetime

    from pilotlight.domain.heartbeat import Heartbeat

# A conditional write that somebody else has made first, alone or in a transaction.
BEATEN = ("ConditionalCheckFailedException", "TransactionCanceledException")


class NotRead(Exception):
    """DynamoDB did not answer every key: what is missing from the answer is not missing there."""


class Heartbeats:
    """The heartbeats of both Regions, as this Region's replicas hold them."""

    def __init__(self, client: Any, items_table: str, control_table: str) -> None:
        self._client = client
        self._items = items_table
        self._control = control_table

    def pulse(self, region: str) -> Heartbeat | None:
        """Return the newest of a Region's pulse."""
        found = self._client.get_item(
            TableName=self._items, Key=heartbeat.key(region), ConsistentRead=True
        )
        return heartbeat.from_attributes(found["Item"]) if "Item" in found else None

    def beat(self, region: str, last: Heartbeat | None, new: Heartbeat) -> bool:
        """Write the next of the pulse over the one that was read, and say whether it was the next.

        Two that write at once may not both continue a run: one of them may have seen no gap.
        """
        over: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if last is not None:
            over = {
                "ConditionExpression": "seq = :read",
                "ExpressionAttributeValues": {":read": {"N": str(last.seq)}},
            }
        item = {**heartbeat.key(region), **heartbeat.attributes(new)}
        try:
            self._client.put_item(TableName=self._items, Item=item, **over)
        except ClientError as error:
            if error.response["Error"]["Code"] not in BEATEN:
                raise
            return False
        return True

    def copy(self, beat: Heartbeat, region: str, *, active: bool) -> None:
        """Write the heartbeat to the other keys."""
        items = heartbeat.copies(beat, region, active=active)
        if items:
            puts = [{"PutRequest": {"Item": item}} for item in items]
            self._client.batch_write_item(RequestItems={self._items: puts})

    def held(self, region: str) -> list[Heartbeat | None]:
        """Return what is held here of each key of a Region."""
        keys = [heartbeat.key(region, n) for n in range(heartbeat.KEYS)]
        found = self._get({self._items: keys})[self._items]
        by_key = {i["pk"]["S"]: heartbeat.from_attributes(i) for i in found}
        return [by_key.get(k["pk"]["S"]) for k in keys]

    def echo(self, region: str) -> echoes.Echo | None:
        """Return the last echo for a Region."""
        found = self._client.get_item(
            TableName=self._control, Key=echoes.echo_key(region), ConsistentRead=True
        )
        return echoes.from_attributes(found.get("Item"))

    def put_echo(self, region: str, echo: echoes.Echo, now: int) -> bool:
        """Write an echo, if the control item is still what the echo says, and say whether it is."""
        same = {
            "TableName": self._control,
            "Key": {"pk": {"S": CONTROL_KEY}},
            "ConditionExpression": "epoch = :epoch AND active_region = :active",
            "ExpressionAttributeValues": {
                ":epoch": {"N": str(echo.epoch)},
                ":active": {"S": echo.active_region},
            },
        }
        item = {**echoes.echo_key(region), **echoes.attributes(echo, now)}
        try:
            self._client.transact_write_items(
                TransactItems=[
                    {"ConditionCheck": same},
                    {"Put": {"TableName": self._control, "Item": item}},
                ]
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in BEATEN:
                raise
            return False
        return True

    def at_the_fence(self, region: str) -> tuple[ControlItem | None, Proof] | None:
        """Return the control item and what shows that it is not old, or None if they are not read.

        One call for both tables: the fence may cost no more than the control item did.
        """
        echo_key, override_key = echoes.echo_key(region), echoes.override_key(region)
        keys = [{"pk": {"S": CONTROL_KEY}}, echo_key, override_key]
        try:
            found = self._get({self._control: keys, self._items: [heartbeat.key(region)]})
            rows = {i["pk"]["S"]: i for i in found[self._control]}
            control = ControlItem.from_item(rows[CONTROL_KEY]) if CONTROL_KEY in rows else None
            pulse = [heartbeat.from_attributes(i) for i in found[self._items]]
        except (
            BotoCoreError,
            ClientError,
            ControlItemInvalid,
            heartbeat.HeartbeatInvalid,
            NotRead,
        ):
            return None
        proof = Proof(
            heartbeat=pulse[0] if pulse else None,
            echo=echoes.from_attributes(rows.get(echo_key["pk"]["S"])),
            overridden_at=_moment(rows.get(override_key["pk"]["S"])),
        )
        return control, proof

    def _get(self, keys: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
        asked = {t: {"Keys": wanted, "ConsistentRead": True} for t, wanted in keys.items()}
        found = self._client.batch_get_item(RequestItems=asked)
        if found.get("UnprocessedKeys"):
            raise NotRead(f"{len(found['UnprocessedKeys'])} tables answered in part.")
        return {t: cast("list[Any]", found["Responses"].get(t, [])) for t in keys}


def _moment(found: dict[str, Any] | None) -> datetime | None:
    """Read when an operator gave the word. What is garbled says nothing."""
    try:
        return moments.parse((found or {})["at"]["S"])
    except (KeyError, TypeError, ValueError):
        return None
