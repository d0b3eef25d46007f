"""The ledger's two functions between two Regions' tables: stream, reconcile, accept, replay."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from pilotlight import moments
from pilotlight.adapters import clients, other_region
from pilotlight.adapters.items_table import ItemsTable
from pilotlight.adapters.journal_links import JournalUnread
from pilotlight.domain.writes import Item, Write, attributes, item_key, plan, transaction
from pilotlight.ledger_request import BadRequest
from pilotlight.settling import NoSuchEntry, NotReplayed
from ulid import ULID

from tests.handlers import context, load_handler
from tests.integration.machine import PRIMARY, SECONDARY

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEMS, CONTROL, RECOVERIES = "pilot-light-items", "pilot-light-control", "pilot-light-recoveries"
TABLES = {ITEMS: 2, CONTROL: 1, RECOVERIES: 1, "pilot-light-ledger": 2}
STREAM: Any = load_handler("ledgerstream")
LEDGER: Any = load_handler("ledger")


class World:
    """Two Regions, of which the Secondary was promoted a minute ago. Nothing copies by itself."""

    def __init__(self) -> None:
        self.dynamodb = {r: boto3.client("dynamodb", region_name=r) for r in (PRIMARY, SECONDARY)}
        for client in self.dynamodb.values():
            for table, keys in TABLES.items():
                names = list(zip(("pk", "sk")[:keys], ("HASH", "RANGE"), strict=False))
                client.create_table(
                    TableName=table,
                    BillingMode="PAY_PER_REQUEST",
                    AttributeDefinitions=[
                        {"AttributeName": n, "AttributeType": "S"} for n, _ in names
                    ],
                    KeySchema=[{"AttributeName": n, "KeyType": kind} for n, kind in names],
                )
        self.promoted = datetime.now(UTC) - timedelta(minutes=1)
        self.active(SECONDARY, 2)
        timeline = json.dumps({"promoted_at": moments.text(self.promoted)})
        self.put(RECOVERIES, {"pk": {"S": "recovery#2"}, "timeline": {"S": timeline}})

    def put(self, table: str, item: dict[str, Any], region: str = SECONDARY) -> None:
        self.dynamodb[region].put_item(TableName=table, Item=item)

    def active(self, region: str, epoch: int) -> None:
        self.put(
            CONTROL,
            {
                "pk": {"S": "control"},
                "active_region": {"S": region},
                "epoch": {"N": str(epoch)},
                "state": {"S": "serving"},
                "changed_at": {"S": moments.text(self.promoted)},
            },
        )

    def items(self, region: str) -> ItemsTable:
        return ItemsTable(self.dynamodb[region], ITEMS)

    def write(self, region: str, text: str, seconds: float = 0, item_id: str = "tea") -> Write:
        """Write as a Region's app does, seconds after the promotion."""
        at = self.promoted + timedelta(seconds=seconds)
        write = plan(
            "replace" if text else "delete",
            item_id=item_id,
            text=text,
            current=self.items(region).get(item_id),
            region=region,
            epoch=1 if region == PRIMARY else 2,
            write_id=str(ULID.from_datetime(at)),
            now=moments.text(at),
        )
        self.items(region).write(write)
        return write

    def copy_entry(self, write: Write, to: str = SECONDARY, seconds: float = 30) -> dict[str, Any]:
        """Let a journal entry arrive, and return the stream's record of it."""
        row = transaction(write, ITEMS)[1]["Put"]["Item"]
        self.put(ITEMS, row, to)
        return self.record(row, seconds)

    def copy_item(self, item: Item, to: str = SECONDARY, seconds: float = 30) -> dict[str, Any]:
        """Let an item arrive and win, and return the stream's record of it."""
        old = self.items(to).get(item.id)
        row = {**item_key(item.id), **attributes(item)}
        self.put(ITEMS, row, to)
        before = {"OldImage": {**item_key(item.id), **attributes(old)}} if old else {}
        return self.record(row, seconds, **before)

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

    def told(self) -> dict[str, list[str]]:
        return {e["write_id"]: e["kinds"] for e in self.ledger("list")["entries"]}


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        clients.client.cache_clear()
        other_region.client_of.cache_clear()
        yield World()
    clients.client.cache_clear()
    other_region.client_of.cache_clear()


def name(write: Write) -> str:
    return write.new.write_id


def torn(world: World) -> tuple[Write, Write]:
    """The Primary's last write did not arrive before the Secondary wrote the same item."""
    first = world.write(PRIMARY, "first", -60)
    world.copy_item(first.new)
    world.copy_entry(first)
    return world.write(PRIMARY, "late", -5), world.write(SECONDARY, "newer", 10)


# --- the stream ----------------------------------------------------------------------------------
def test_a_late_entry_is_kept_with_both_values_and_what_the_item_is_now(world: World) -> None:
    late, newer = torn(world)
    assert world.stream(world.copy_entry(late)) == {"batchItemFailures": []}
    (entry,) = world.ledger("list")["entries"]
    assert entry["kinds"] == ["late", "lost"]
    assert (entry["write_id"], entry["item_id"], entry["version"]) == (name(late), "tea", 2)
    assert (entry["region"], entry["epoch"], entry["active_epoch"]) == (PRIMARY, 1, 2)
    assert [entry[k]["text"] for k in ("old", "new", "current")] == ["first", "late", "newer"]
    assert entry["current"]["write_id"] == name(newer)
    assert entry["written_at"] == late.new.updated_at
    arrived = moments.parse(entry["arrived_at"]) - world.promoted
    assert timedelta(seconds=29) <= arrived <= timedelta(seconds=30)
    assert entry["found_by"] == "stream"
    assert entry["status"] == "open"


def test_a_late_entry_whose_item_nobody_else_wrote_is_late_and_not_lost(world: World) -> None:
    write = world.write(PRIMARY, "late", -5)
    world.stream(world.copy_item(write.new), world.copy_entry(write))
    assert world.told() == {name(write): ["late"]}


def test_a_late_item_whose_entry_was_there_in_time_is_late(world: World) -> None:
    write = world.write(PRIMARY, "late", -5)
    world.stream(world.copy_entry(write, seconds=-2))
    assert world.told() == {}
    world.stream(world.copy_item(write.new))
    assert world.told() == {name(write): ["late"]}


def test_a_late_item_that_wins_makes_the_newer_epoch_s_writes_lost(world: World) -> None:
    late, newer = torn(world)
    newest = world.write(SECONDARY, "newest", 20)
    world.stream(world.copy_entry(late))
    world.stream(world.copy_item(late.new))
    assert world.told() == {name(late): ["late"], name(newer): ["lost"], name(newest): ["lost"]}


def test_what_belongs_to_the_running_epoch_costs_one_read_and_no_entry(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.active(PRIMARY, 1)
    write, calls = world.write(PRIMARY, "green", -5), []
    real = clients.client("dynamodb")

    def counted(*given: Any, **more: Any) -> Any:
        calls.append(given)
        return make(*given, **more)

    make = real._make_api_call
    monkeypatch.setattr(real, "_make_api_call", counted)
    records = [world.copy_item(write.new), world.copy_entry(write)]
    assert world.stream(*records * 10) == {"batchItemFailures": []}
    assert [operation for operation, _ in calls] == ["GetItem"]
    assert world.told() == {}


def test_what_arrived_before_the_promotion_is_not_late_however_late_it_is_read(
    world: World,
) -> None:
    write = world.write(PRIMARY, "in time", -5)
    world.stream(world.copy_item(write.new, seconds=-3), world.copy_entry(write, seconds=-3))
    assert world.told() == {}


def test_the_first_record_that_fails_is_where_lambda_goes_on(world: World) -> None:
    late, _ = torn(world)
    other = world.write(PRIMARY, "other", -5, "milk")
    good, bad, after = world.copy_entry(late), world.copy_entry(other), world.copy_entry(late)
    del bad["dynamodb"]["NewImage"]["new"]
    found = world.stream(good, bad, after)
    failed = bad["dynamodb"]["SequenceNumber"]
    assert found == {"batchItemFailures": [{"itemIdentifier": failed}]}
    assert list(world.told()) == [name(late)]


def test_without_a_control_item_a_batch_is_tried_again(world: World) -> None:
    late, _ = torn(world)
    record = world.copy_entry(late)
    world.dynamodb[SECONDARY].delete_item(TableName=CONTROL, Key={"pk": {"S": "control"}})
    assert len(world.stream(record)["batchItemFailures"]) == 1


def test_a_removed_row_is_of_no_interest(world: World) -> None:
    late, _ = torn(world)
    record = world.copy_entry(late)
    del record["dynamodb"]["NewImage"]
    assert world.stream(record) == {"batchItemFailures": []}
    assert world.told() == {}


def test_a_heartbeat_with_a_gap_calls_the_echo_once_and_stops_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, _ = torn(world)
    called: list[dict[str, Any]] = []
    real = clients.client
    echo = SimpleNamespace(invoke=lambda **given: called.append(given))
    monkeypatch.setattr(STREAM, "client", lambda s: echo if s == "lambda" else real(s))
    beat = world.record({"pk": {"S": f"H#{PRIMARY}#0"}, "sk": {"S": "-"}})
    assert world.stream(beat, beat, world.copy_entry(late))["echo_called"] is True
    assert [(c["FunctionName"].split(":")[-2], c["InvocationType"]) for c in called] == [
        ("pilot-light-echo", "Event")
    ]
    assert list(world.told()) == [name(late)]
    monkeypatch.setattr(STREAM, "client", lambda s: None if s == "lambda" else real(s))
    assert world.stream(beat) == {"echo_called": False, "batchItemFailures": []}


# --- reconcile -----------------------------------------------------------------------------------
def test_reconciling_finds_what_has_not_arrived_and_what_was_overwritten(world: World) -> None:
    late, newer = torn(world)
    waiting = world.write(PRIMARY, "waiting", -4, "milk")
    found = world.ledger("reconcile")
    assert found["complete"] is True
    assert (found["open"], found["late"], found["lost"]) == (2, 2, 1)
    assert world.told() == {name(late): ["late", "lost"], name(waiting): ["late"]}
    assert {e["arrived_at"] for e in found["entries"]} == {None}
    world.copy_item(late.new)
    world.copy_entry(late)
    world.ledger("reconcile")
    assert world.told() == {
        name(late): ["late"],
        name(waiting): ["late"],
        name(newer): ["lost"],
    }


def test_an_entry_that_arrives_after_all_says_when(world: World) -> None:
    late, _ = torn(world)
    world.ledger("reconcile")
    world.stream(world.copy_entry(late))
    (entry,) = world.ledger("list")["entries"]
    assert entry["found_by"] == "reconcile"
    assert entry["arrived_at"]


def test_without_a_closed_epoch_there_is_nothing_to_reconcile(world: World) -> None:
    world.active(PRIMARY, 1)
    world.write(PRIMARY, "on its way", -5)
    found = world.ledger("reconcile")
    assert (found["complete"], found["open"]) == (True, 0)


def test_writes_from_long_before_the_outage_are_not_asked_for(world: World) -> None:
    world.write(PRIMARY, "old", -3600)
    assert world.ledger("reconcile")["open"] == 0


def test_a_pass_that_runs_out_of_time_says_so_and_goes_on_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, _ = torn(world)
    assert world.ledger("reconcile", remaining=1000)["complete"] is False
    left = iter([60_000] * 3 + [0])
    found, passes = {"complete": False}, 0
    while not found["complete"]:
        left = iter([60_000] * 3 + [0])
        here = context("ledger")
        here.get_remaining_time_in_millis = lambda left=left: next(left)
        found = LEDGER.lambda_handler({"action": "reconcile"}, here)
        passes += 1
    assert passes > 3
    assert world.told() == {name(late): ["late", "lost"]}


def test_a_primary_that_does_not_answer_is_an_error_that_names_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn(world)
    world.dynamodb[PRIMARY].delete_table(TableName=ITEMS)
    with pytest.raises(JournalUnread, match=PRIMARY):
        world.ledger("reconcile")
    assert world.ledger("list")["open"] == 0


def test_without_a_control_item_nothing_is_compared(world: World) -> None:
    world.dynamodb[SECONDARY].delete_item(TableName=CONTROL, Key={"pk": {"S": "control"}})
    with pytest.raises(LEDGER.ControlItemUnread):
        world.ledger("reconcile")


# --- accept and replay ---------------------------------------------------------------------------
def test_an_accepted_entry_is_settled_by_a_person_and_stays_so(world: World) -> None:
    late, _ = torn(world)
    world.ledger("reconcile")
    found = world.ledger("accept", write_ids=[name(late)], by="Ada")
    assert (found["accepted"], found["open"]) == ([name(late)], 0)
    assert world.ledger("reconcile")["open"] == 0
    (entry,) = world.ledger("list")["entries"]
    assert (entry["status"], entry["settled_by"]) == ("accepted", "Ada")
    again = world.ledger("accept", write_ids=[name(late)], by="Bob")
    assert (again["accepted"], again["unchanged"]) == ([], {name(late): "accepted"})
    assert world.ledger("list")["entries"][0]["settled_by"] == "Ada"


def test_all_open_entries_can_be_accepted_at_once(world: World) -> None:
    torn(world)
    world.write(PRIMARY, "waiting", -4, "milk")
    world.ledger("reconcile")
    assert len(world.ledger("accept", write_ids="all", by="Ada")["accepted"]) == 2
    assert world.ledger("list")["open"] == 0


def test_a_replay_writes_the_lost_value_as_a_new_write_over_what_is_there(world: World) -> None:
    late, newer = torn(world)
    world.ledger("reconcile")
    found = world.ledger("replay", write_ids=[name(late)], by="Ada")
    item = world.items(SECONDARY).get("tea")
    assert item
    assert (item.text, item.version, item.region, item.epoch) == (
        "late",
        newer.new.version + 1,
        SECONDARY,
        2,
    )
    assert found["replayed"] == {name(late): item.write_id}
    assert found["open"] == 0
    (entry,) = world.ledger("list")["entries"]
    assert (entry["status"], entry["replayed_as"]) == ("replayed", item.write_id)
    assert world.ledger("replay", write_ids=[name(late)], by="Ada")["replayed"] == found["replayed"]
    assert world.items(SECONDARY).get("tea") == item


def test_a_replay_that_died_before_it_was_marked_is_not_made_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, _ = torn(world)
    world.ledger("reconcile")

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as died:
        died.setattr(LEDGER.LedgerTable, "settle", dies)
        with pytest.raises(KeyboardInterrupt):
            world.ledger("replay", write_ids=[name(late)], by="Ada")
    made = world.items(SECONDARY).get("tea")
    assert made
    done = world.ledger("replay", write_ids=[name(late)], by="Ada")["replayed"]
    assert done == {name(late): made.write_id}
    assert world.items(SECONDARY).get("tea") == made


def test_a_lost_deletion_is_replayed_as_a_deletion(world: World) -> None:
    first = world.write(PRIMARY, "first", -60)
    world.copy_item(first.new)
    world.copy_entry(first)
    gone = world.write(PRIMARY, "", -5)
    world.write(SECONDARY, "newer", 10)
    world.ledger("reconcile")
    world.ledger("replay", write_ids=[name(gone)], by="Ada")
    item = world.items(SECONDARY).get("tea")
    assert item
    assert item.deleted


def test_an_item_that_has_changed_is_not_overwritten_by_a_replay(world: World) -> None:
    late, _ = torn(world)
    world.ledger("reconcile")
    changed = world.write(SECONDARY, "changed", 40)
    with pytest.raises(NotReplayed, match=f"{name(late)}: its item has changed since"):
        world.ledger("replay", write_ids=[name(late)], by="Ada")
    assert world.items(SECONDARY).get("tea") == changed.new
    world.ledger("reconcile")
    world.ledger("replay", write_ids=[name(late)], by="Ada")
    item = world.items(SECONDARY).get("tea")
    assert item
    assert item.text == "late"


def test_nothing_is_replayed_while_the_secondary_is_not_active(world: World) -> None:
    late, newer = torn(world)
    world.ledger("reconcile")
    world.active(PRIMARY, 3)
    with pytest.raises(NotReplayed, match="The other Region is active"):
        world.ledger("replay", write_ids=[name(late)], by="Ada")
    assert world.items(SECONDARY).get("tea") == newer.new
    assert world.ledger("list")["open"] == 1


def test_what_was_accepted_is_not_replayed(world: World) -> None:
    late, newer = torn(world)
    world.ledger("reconcile")
    world.ledger("accept", write_ids="all", by="Ada")
    with pytest.raises(NotReplayed, match="it was accepted by Ada"):
        world.ledger("replay", write_ids=[name(late)], by="Bob")
    assert world.items(SECONDARY).get("tea") == newer.new


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ({}, "no action None. Send one of list, reconcile, accept, replay"),
        ({"action": "forget"}, "no action 'forget'"),
        ({"action": ["list"]}, "no action"),
        ({"action": "accept", "by": "Ada"}, "accept: .*write_ids"),
        ({"action": "accept", "write_ids": ["tea"], "by": "Ada"}, "accept: "),
        ({"action": "replay", "write_ids": "all", "by": "Ada"}, "replay: "),
        ({"action": "replay", "write_ids": ["0" * 26]}, "replay: .*by"),
        ({"action": "list", "verbose": True}, "list: "),
    ],
)
def test_what_is_asked_wrongly_is_told_what_is_wrong(
    world: World, payload: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadRequest, match=says):
        LEDGER.lambda_handler(payload, context("ledger"))


def test_an_entry_that_is_not_there_is_named_and_nothing_is_settled(world: World) -> None:
    late, _ = torn(world)
    world.ledger("reconcile")
    with pytest.raises(NoSuchEntry, match="0" * 26):
        world.ledger("accept", write_ids=[name(late), "0" * 26], by="Ada")
    assert world.ledger("list")["open"] == 1


def test_twenty_entries_are_shown_and_all_are_counted(world: World) -> None:
    for n in range(25):
        world.write(PRIMARY, "waiting", -4, f"milk-{n}")
    found = world.ledger("reconcile")
    assert (found["open"], len(found["entries"])) == (25, 20)
