"""The stream and the ledger: who consumes what, and who may speak for a Region."""

from __future__ import annotations

import json
from typing import Any

from pilot_light_client import heartbeat
from pilot_light_client.journal import Ref, plan, transaction

from tests.template.policies import statements
from tests.template.stacks import Stack, stack
from tools.reader.template import as_list


def stream(secondary: Stack) -> dict[str, Any]:
    found = secondary.of_type("AWS::Lambda::EventSourceMapping").values()
    (mapping,) = [m for m in found if m["EventSourceArn"] == "<DataJournalTable.StreamArn>"]
    return mapping


def stream_patterns(secondary: Stack) -> list[dict[str, Any]]:
    mapping = stream(secondary)
    return [json.loads(f["Pattern"]) for f in mapping["FilterCriteria"]["Filters"]]


def test_the_stream_has_one_consumer_that_takes_entries_of_the_primary(secondary: Stack) -> None:
    """AWS asks for one reader of a global table's stream. Entries never change."""
    (pattern,) = stream_patterns(secondary)
    assert pattern["eventName"] == ["INSERT"]
    (prefix,) = pattern["dynamodb"]["Keys"]["pk"]["S"]
    primary, own = (entry_of(stack(env).region) for env in ("primary", "secondary"))
    assert primary["pk"]["S"].startswith(prefix["prefix"])
    assert not own["pk"]["S"].startswith(prefix["prefix"])
    assert not heartbeat.key(stack("primary").region)["pk"]["S"].startswith(prefix["prefix"])


def entry_of(region: str) -> dict[str, Any]:
    ref = Ref.of("shop-carts", {"id": {"S": "tea"}})
    made = {"region": region, "epoch": 1, "write_id": "0" * 26, "at": "-"}
    return transaction(plan(ref, {}, None, **made), "journal", None)[1]["Put"]["Item"]


def test_a_batch_that_fails_is_tried_as_long_as_the_stream_keeps_it_and_then_told(
    secondary: Stack,
) -> None:
    mapping = stream(secondary)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRecordAgeInSeconds"] == 24 * 3600
    assert "MaximumRetryAttempts" not in mapping
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == "<RecoveryDeadLetters.Arn>"


def test_the_ledger_settles_but_cannot_speak_for_a_region(secondary: Stack) -> None:
    """Its functions read who is active. A replay writes the own journal, and the app's items."""
    journals = []
    for name, statement in statements(secondary):
        if name not in ("LedgerRole", "LedgerStreamRole"):
            continue
        resources = str(statement["Resource"])
        if "ControlTable" in resources or stack("primary").region in resources:
            assert set(as_list(statement["Action"])) <= {"dynamodb:GetItem", "dynamodb:Query"}
        if "dynamodb:PutItem" in as_list(statement["Action"]) and "JournalTable" in resources:
            journals.append(statement["Condition"]["ForAllValues:StringLike"])
    assert journals == [{"dynamodb:LeadingKeys": [f"J#{secondary.region}#*"]}]


def test_the_late_write_of_a_stream_changes_nothing_but_the_ledger(secondary: Stack) -> None:
    changed = {
        statement["Resource"]
        for name, statement in statements(secondary)
        if name == "LedgerStreamRole"
        and {"dynamodb:PutItem", "dynamodb:UpdateItem"} & set(as_list(statement["Action"]))
    }
    assert changed == {"<DataLedgerTable.Arn>"}
