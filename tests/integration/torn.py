"""What a disaster has torn: two Regions' tables, and the ledger's two functions between them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client import timestamps, ulid, ulid_format
from pilot_light_client.journal import MARK, entry_key, mark_of, transaction

from tests import journaled
from tests.handlers import context, load_handler
from tests.integration.machine import (
    CONTROL,
    ITEMS,
    JOURNAL,
    LAST_RESORT,
    LEDGER as LEDGER_TABLE,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    client,
    share_control_table,
)
from tests.ledger_table import create_ledger

if TYPE_CHECKING:
    from items.item import Item
    from pilot_light_client.journal import Write

TABLES = {ITEMS: 2, JOURNAL: 2, CONTROL: 1, RECOVERIES: 1, LAST_RESORT: 1}
# So many writes that a shard's take several answers take a minute.
MANY = [30, pytest.param(900, marks=pytest.mark.long)]
STREAM: Any = load_handler("ledger_stream")
LEDGER: Any = load_handler("ledger")


class Torn:
    """Two Regions, of which the Secondary was promoted a minute ago. Nothing copies by itself."""

    def __init__(self) -> None:
        self.dynamodb = {r: client("dynamodb", r) for r in (PRIMARY, SECONDARY)}
        for dynamodb in self.dynamodb.values():
            for table, keys in TABLES.items():
                names = list(zip(("pk", "sk")[:keys], ("HASH", "RANGE"), strict=False))
                dynamodb.create_table(
                    TableName=table,
                    BillingMode="PAY_PER_REQUEST",
                    AttributeDefinitions=[
                        {"AttributeName": n, "AttributeType": "S"} for n, _ in names
                    ],
                    KeySchema=[{"AttributeName": n, "KeyType": kind} for n, kind in names],
                )
            create_ledger(dynamodb, LEDGER_TABLE)
        share_control_table()
        self.promoted = datetime.now(UTC) - timedelta(minutes=1)
        self.active(SECONDARY, 2)
        timeline = json.dumps({"promoted_at": timestamps.text(self.promoted)})
        self.put(RECOVERIES, {"pk": {"S": "recovery#2"}, "timeline": {"S": timeline}})
        self.compared_to(self.promoted - timedelta(minutes=1))

    def put(self, table: str, item: dict[str, Any], region: str = SECONDARY) -> None:
        self.dynamodb[region].put_item(TableName=table, Item=item)

    def compared_to(self, moment: datetime) -> None:
        """Let the schedule have compared the Primary's journal so far, and then no more."""
        mark = {"compared": {"N": "0"}, "unreadable": {"N": "0"}, "uncompared_since": {"S": ""}}
        mark["watermark"] = {"S": ulid_format.lowest_of(int(moment.timestamp() * 1000))}
        self.put(RECOVERIES, {"pk": {"S": f"watermark#{PRIMARY}#1"}, **mark})

    def active(self, region: str, epoch: int) -> None:
        self.put(
            CONTROL,
            {
                "pk": {"S": "control"},
                "revision": {"N": str(2 * epoch)},
                "active_region": {"S": region},
                "epoch": {"N": str(epoch)},
                "state": {"S": "serving"},
                "changed_at": {"S": timestamps.text(self.promoted)},
            },
        )

    def item(self, item_id: str = "tea", region: str = SECONDARY) -> Item | None:
        return journaled.item(self.dynamodb[region], item_id)

    def write(self, region: str, text: str, seconds: float = 0, item_id: str = "tea") -> Write:
        """Write as a Region's app does, seconds after the promotion."""
        at = self.promoted + timedelta(seconds=seconds)
        return journaled.write(
            self.dynamodb[region],
            item_id,
            text,
            region=region,
            epoch=1 if region == PRIMARY else 2,
            write_id=ulid.new(at.timestamp()),
            at=timestamps.text(at),
        )

    def copy_entry(self, write: Write, to: str = SECONDARY, seconds: float = 30) -> dict[str, Any]:
        """Let a journal entry arrive, and return the stream's record of it."""
        row = transaction(write, JOURNAL, None)[1]["Put"]["Item"]
        self.put(JOURNAL, row, to)
        return self.record(row, seconds)

    def copy_item(self, write: Write, to: str = SECONDARY) -> None:
        """Let an item arrive and win. No stream of ours has a record of it."""
        new = write.new
        row = {**new.image, **new.ref.attributes, MARK: {"M": mark_of(new)}}
        self.put(ITEMS, row, to)

    def record(self, row: dict[str, Any], seconds: float = 30, **more: Any) -> dict[str, Any]:
        change = {
            "Keys": {k: row[k] for k in ("pk", "sk")},
            "NewImage": row,
            "ApproximateCreationDateTime": int(self.promoted.timestamp() + seconds),
            "SequenceNumber": str(time.time_ns()),
        }
        return {"eventName": "INSERT", "dynamodb": {**change, **more}}

    def stream(self, *records: dict[str, Any]) -> Any:
        return STREAM.lambda_handler({"Records": list(records)}, context("ledger-stream"))

    def ledger(self, action: str, remaining: int = 60_000, **given: Any) -> Any:
        here = context("ledger")
        here.get_remaining_time_in_millis = lambda: remaining
        return LEDGER.lambda_handler({"action": action, **given}, here)

    def journal_key(self, write: Write) -> dict[str, Any]:
        version = write.new.version
        return entry_key(version.region, version.epoch, version.write_id)

    def told(self) -> dict[str, list[str]]:
        return {e["write_id"]: e["kinds"] for e in self.ledger("list")["entries"]}


def name(write: Write) -> str:
    return write.id


def torn(world: Torn) -> tuple[Write, Write]:
    """The Primary's last write did not arrive before the Secondary wrote the same item."""
    first = world.write(PRIMARY, "first", -60)
    world.copy_item(first)
    world.copy_entry(first)
    return world.write(PRIMARY, "late", -5), world.write(SECONDARY, "newer", 10)
