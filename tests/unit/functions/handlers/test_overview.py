"""The overview function: facts and widget, from the tables of its own Region."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client.heartbeat import Heartbeat
from pilot_light_client.heartbeat_table import Heartbeats
from pilotlight.journal.history import History
from pilotlight.shared.validation import violation

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import (
    CONTROL,
    JOURNAL,
    PRIMARY,
    RECOVERIES,
    SECONDARY,
    aws_error,
    control_item,
)
from tests.unit.functions.ledger.ledger_entries import entry, write
from tests.unit.functions.reporting.overview_facts import RECORD, SCHEMA

if TYPE_CHECKING:
    from pilotlight.ledger.table import LedgerTable

MODULE: Any = load_handler("overview")


def ask(event: Any) -> Any:
    return MODULE.lambda_handler(event, context("overview"))


@pytest.fixture
def tables(emptied: Any, ledger: LedgerTable) -> Any:
    return emptied


def test_a_deployment_of_which_nothing_is_known_is_told_as_unknown(tables: Any) -> None:
    found = ask({"view": "facts"})
    assert violation(found, SCHEMA) is None
    assert found["verdict"] == "unknown"
    verdicts = {name: fact["verdict"] for name, fact in found["facts"].items()}
    assert verdicts.pop("machine") == "ok", "no lock is no recovery"
    assert verdicts.pop("ledger") == "ok", "no entry is none that is open"
    assert set(verdicts.values()) == {"unknown"}


def test_a_deployment_that_failed_over_is_told_from_its_own_tables(tables: Any) -> None:
    item = control_item(SECONDARY, 2, cooldown_until=4102444800)
    tables.put_item(TableName=CONTROL, Item=item)
    numbers = ("epoch", "rto_target")
    attributes = {k: {"N" if k in numbers else "S": str(v)} for k, v in RECORD.items()}
    tables.put_item(TableName=RECOVERIES, Item={"pk": {"S": "recovery#2"}, **attributes})
    look = {"observed_at": {"S": "2020-01-01T00:00:00Z"}, "probe_ok": {"BOOL": False}}
    tables.put_item(TableName=RECOVERIES, Item={"pk": {"S": "sentinel"}, **look})
    Heartbeats(tables, JOURNAL).beat(PRIMARY, None, Heartbeat(1, 1, "t"))
    found = ask({"view": "facts"})
    facts = found["facts"]
    assert violation(found, SCHEMA) is None
    assert (facts["control"]["active_region"], facts["control"]["epoch"]) == (SECONDARY, 2)
    assert facts["recoveries"]["recent"][0]["rto_seconds"] == 60.5
    assert facts["machine"]["cooldown_until"].startswith("2100")
    assert facts["sentinel"]["probe_ok"] is False
    assert facts["replication"]["verdict"] == "attention"


def test_the_ledger_is_told_by_its_open_entries(tables: Any, ledger: LedgerTable) -> None:
    late, lost, resolved = (entry(write=write(item_id=name)) for name in ("tea", "milk", "rum"))
    for one in (replace(late, history=History("kept", "-")), lost, resolved):
        ledger.put(one)
    ledger.accept(resolved.write_id, by="Ada", at="8")
    found = ask({"view": "facts"})
    assert violation(found, SCHEMA) is None
    told = found["facts"]["ledger"]
    assert (told["verdict"], told["open"]) == ("attention", 2)
    assert (told["late"], told["lost"], told["unknown"]) == (2, 1, 0)


def test_a_table_that_does_not_answer_makes_its_facts_unknown_and_no_error(
    tables: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def get_item(self, **_: Any) -> Any:
            raise aws_error("ProvisionedThroughputExceededException")

        batch_get_item = get_paginator = get_item

    monkeypatch.setattr(MODULE, "DYNAMODB", Broken())
    facts = ask({"view": "facts"})["facts"]
    assert {f["verdict"] for f in facts.values()} == {"unknown"}
    assert "ProvisionedThroughputExceeded" in facts["sentinel"]["detail"]


def test_the_widget_is_html_in_the_colours_of_the_dashboard(tables: Any) -> None:
    light, dark = (
        ask({"view": "widget", "widgetContext": {"theme": theme}}) for theme in ("light", "dark")
    )
    assert "Who is active" in light and "Who is active" in dark
    assert MODULE.widget.DARK["unknown"] in dark
    assert MODULE.widget.LIGHT["unknown"] in light
    assert json.loads(json.dumps(light)) == light


def test_the_widget_describes_itself_without_reading_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MODULE, "DYNAMODB", None)
    assert ask({"describe": True}).startswith("## Pilot Light")


@pytest.mark.parametrize("event", [{}, {"view": "everything"}, {"widgetContext": {}}, []])
def test_an_event_that_asks_for_nothing_known_is_an_error(event: Any) -> None:
    with pytest.raises(MODULE.UnknownView):
        ask(event)
