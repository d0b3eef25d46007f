"""Reconciling: what a comparison of both journals finds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pilot_light_client import timestamps
from pilot_light_client.control_table import ControlUnread
from pilot_light_client.table_errors import TableUnavailable
from pilotlight.ledger.entry import SHARDS

from tests.handlers import context
from tests.integration.machine import LEDGER as TABLE, PRIMARY, RECOVERIES, SECONDARY
from tests.integration.torn import (
    CONTROL,
    JOURNAL,
    LEDGER,
    MANY,
    Torn,
    name,
    torn,
)


def test_reconciling_finds_what_has_not_arrived_and_what_was_overwritten(
    world: Torn,
) -> None:
    late, newer = torn(world)
    waiting = world.write(PRIMARY, "waiting", -4, "milk")
    found = world.ledger("reconcile")
    assert found["complete"] is True
    assert (found["open"], found["late"], found["lost"]) == (2, 2, 1)
    assert world.told() == {name(late): ["late", "lost"], name(waiting): ["late"]}
    assert {e["arrived_at"] for e in found["entries"]} == {None}
    world.copy_item(late)
    world.copy_entry(late)
    world.ledger("reconcile")
    assert world.told() == {
        name(late): ["late"],
        name(waiting): ["late"],
        name(newer): ["lost"],
    }


def test_an_entry_that_arrives_after_all_says_when(world: Torn) -> None:
    late, _ = torn(world)
    world.ledger("reconcile")
    world.stream(world.copy_entry(late))
    (entry,) = world.ledger("list")["entries"]
    assert entry["found_by"] == "reconcile"
    assert entry["arrived_at"]


def test_without_a_closed_epoch_there_is_nothing_to_reconcile(world: Torn) -> None:
    world.active(PRIMARY, 1)
    world.write(PRIMARY, "on its way", -5)
    found = world.ledger("reconcile")
    assert (found["complete"], found["open"]) == (True, 0)


@pytest.mark.parametrize(("lag", "asked_for"), [(10.0, 0), (None, 1)], ids=["known", "unknown"])
def test_writes_from_long_before_the_outage_are_asked_for_only_where_no_lag_is_on_record(
    world: Torn, lag: float | None, asked_for: int
) -> None:
    timeline = {"promoted_at": timestamps.text(world.promoted)}
    told = {"timeline": timeline, "rpo_estimate": {"seconds": lag}}
    row = {name: {"S": json.dumps(value)} for name, value in told.items()}
    world.put(RECOVERIES, {"pk": {"S": "recovery#2"}, **row})
    world.write(PRIMARY, "old", -7200)
    assert world.ledger("reconcile")["open"] == asked_for


def test_a_pass_that_runs_out_of_time_says_so_and_goes_on_where_it_was(world: Torn) -> None:
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


def test_a_piece_ends_after_the_seconds_that_it_is_given(world: Torn) -> None:
    torn(world)
    assert world.ledger("reconcile", seconds=1e-9)["complete"] is False
    assert world.ledger("reconcile", seconds=20)["complete"] is True


def test_a_primary_that_does_not_answer_is_an_error_that_names_it(world: Torn) -> None:
    torn(world)
    world.dynamodb[PRIMARY].delete_table(TableName=JOURNAL)
    with pytest.raises(TableUnavailable, match=PRIMARY):
        world.ledger("reconcile")
    assert world.ledger("list")["open"] == 0


def test_without_a_control_item_nothing_is_compared(world: Torn) -> None:
    world.dynamodb[SECONDARY].delete_item(TableName=CONTROL, Key={"pk": {"S": "control"}})
    with pytest.raises(ControlUnread, match="no control item"):
        world.ledger("reconcile")


@pytest.mark.parametrize("writes", [10, 60])
def test_what_has_arrived_costs_no_read_for_each_write(
    world: Torn, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """Users wait while a failback reconciles within its drain."""
    for number in range(writes):
        write = world.write(PRIMARY, "green", -90 - number, f"item-{number}")
        world.copy_item(write)
        world.copy_entry(write)
    real, calls = LEDGER.DYNAMODB, []
    make = real._make_api_call

    def counted(operation: str, given: dict[str, Any]) -> Any:
        if given.get("Key", {}).get("pk", {}).get("S", "")[:2] in ("I#", "J#"):
            calls.append(operation)
        return make(operation, given)

    monkeypatch.setattr(real, "_make_api_call", counted)
    found = world.ledger("reconcile")
    assert (found["complete"], found["compared"], found["open"]) == (True, writes, 0)
    assert calls == []


@pytest.mark.parametrize("many", MANY)
def test_open_entries_are_read_once_and_written_once_however_many_they_are(
    world: Torn, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """Read to be judged again; counted by the index, which judging goes by too."""
    writes = [world.write(PRIMARY, "late", -5, f"n{number}") for number in range(many)]
    assert world.ledger("reconcile")["open"] == many
    arrived = writes[:3]
    for write in arrived:
        world.copy_item(write)
        world.copy_entry(write)
    real, read, indexed, updated = LEDGER.DYNAMODB, [], [], []
    make = real._make_api_call

    def counted(operation: str, given: dict[str, Any]) -> Any:
        answer = make(operation, given)
        if given.get("TableName") == TABLE and operation == "Query":
            (indexed if "IndexName" in given else read).append(answer["ScannedCount"])
        if operation == "BatchGetItem":
            read.append(len(answer["Responses"].get(TABLE, ())))
        if given.get("TableName") == TABLE and operation == "UpdateItem":
            updated.append(given["Key"]["sk"]["S"])
        return answer

    monkeypatch.setattr(real, "_make_api_call", counted)
    assert world.ledger("reconcile", from_start=True)["open"] == many
    # The twenty that are shown are read once more, with the one after them.
    assert sum(read) == many + min(many, 21)
    assert 2 * many <= sum(indexed) <= 2 * many + SHARDS
    assert len(updated) == many
