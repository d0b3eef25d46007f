"""The look for missing items after a promotion, by DynamoDB's own rules."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pilot_light_client import timestamps, ulid
from pilotlight.ledger.table import LedgerTable

from tests import journaled
from tests.integration.machine import LEDGER as TABLE, PRIMARY, RECOVERIES, SECONDARY
from tests.integration.torn import LEDGER, MANY, Torn

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Machine


@pytest.mark.parametrize("many", MANY)
def test_an_item_that_was_missing_at_the_promotion_is_late_although_it_arrives(
    world: Torn, many: int
) -> None:
    record = {
        "timeline": {"promoted_at": timestamps.text(world.promoted)},
        "rpo_estimate": {"seconds": 1.0},
    }
    row = {name: {"S": json.dumps(value)} for name, value in record.items()}
    world.put(RECOVERIES, {"pk": {"S": "recovery#2"}, **row})
    old = world.write(PRIMARY, "old", -3600, "old")
    writes = [world.write(PRIMARY, "late", -5 + n / 1000, f"n{n}") for n in range(many)]
    for write in (old, *writes):
        world.copy_entry(write)
    found = world.ledger("note_missing")
    assert (found["complete"], found["looked_at"], found["missing"]) == (True, many, many)
    for write in writes:
        world.copy_item(write)
    world.ledger("reconcile")
    entries = LedgerTable(world.dynamodb[SECONDARY], TABLE).entries()
    late = [e for e in entries if e.found_by == "promotion"]
    assert {w.id for w in writes} == {e.write_id for e in late}
    assert {e.kinds for e in late} == {("late",)}


def test_the_look_at_missing_items_asks_nothing_of_the_other_region(
    world: Torn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LEDGER, "client_of", None)
    assert world.ledger("note_missing")["missing"] == 0


def test_below_level_two_nothing_is_looked_at(world: Torn, monkeypatch: pytest.MonkeyPatch) -> None:
    write = world.write(PRIMARY, "late", -5)
    world.copy_entry(write)
    monkeypatch.setattr(LEDGER, "DEPLOYMENT", replace(LEDGER.DEPLOYMENT, level=1))
    assert "missing" not in world.ledger("note_missing")


def test_a_promotion_puts_into_the_ledger_whose_item_is_missing(
    machine: Machine, network: Network
) -> None:
    write = journaled.write(
        machine.dynamodb,
        "tea",
        "green",
        region=PRIMARY,
        epoch=1,
        write_id=ulid.new(),
        at=timestamps.now(),
    )
    machine.dynamodb.delete_item(TableName=write.new.ref.table, Key=write.new.ref.attributes)
    network.lose_primary()
    run = machine.run({"mode": "failover", "reason": "test", "graceful": False})
    assert run.output["outcome"] == "promoted"
    (entry,) = LedgerTable(machine.dynamodb, TABLE).entries()
    assert (entry.write_id, entry.kinds) == (write.id, ("late",))
