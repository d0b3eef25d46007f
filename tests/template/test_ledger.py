"""The stream, the ledger and the echo: who consumes what, and who may speak for a Region."""

from __future__ import annotations

import json
from typing import Any

from pilotlight.domain import heartbeat
from pilotlight.domain.writes import Write, plan, transaction

from lab.audit.template import as_list
from tests.template.policies import statements
from tests.template.stacks import Stack, stack

READS = {"dynamodb:GetItem", "dynamodb:BatchGetItem"}


def stream(secondary: Stack) -> dict[str, Any]:
    found = secondary.of_type("AWS::Lambda::EventSourceMapping").values()
    (mapping,) = [m for m in found if m["EventSourceArn"] == "<ItemsTable.StreamArn>"]
    return mapping


def stream_patterns(secondary: Stack) -> list[dict[str, Any]]:
    mapping = stream(secondary)
    return [json.loads(f["Pattern"]) for f in mapping["FilterCriteria"]["Filters"]]


def test_the_stream_has_one_consumer_that_takes_what_the_primary_wrote(secondary: Stack) -> None:
    """AWS asks for one reader of a global table's stream."""
    journal, items, pulse = stream_patterns(secondary)
    primary = stack("primary").region
    write = plan_of(primary)
    puts = [put["Put"]["Item"] for put in transaction(write, "items")]
    (prefix,) = journal["dynamodb"]["Keys"]["pk"]["S"]
    assert puts[1]["pk"]["S"].startswith(prefix["prefix"])
    (prefix,) = items["dynamodb"]["Keys"]["pk"]["S"]
    assert puts[0]["pk"]["S"].startswith(prefix["prefix"])
    assert items["dynamodb"]["NewImage"]["region"]["S"] == [puts[0]["region"]["S"]]
    assert all(p["eventName"] == ["INSERT", "MODIFY"] for p in (journal, items))
    assert "eventName" not in pulse


def plan_of(region: str) -> Write:
    names = {"item_id": "tea", "text": "-", "write_id": "0" * 26, "now": "-"}
    return plan("create", current=None, region=region, epoch=1, **names)


def test_a_batch_that_fails_is_tried_as_long_as_the_stream_keeps_it_and_then_told(
    secondary: Stack,
) -> None:
    mapping = stream(secondary)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRecordAgeInSeconds"] == 24 * 3600
    assert "MaximumRetryAttempts" not in mapping
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == "<RecoveryDeadLetters.Arn>"


def test_the_echo_is_called_by_the_pulse_that_the_primary_writes(secondary: Stack) -> None:
    pattern = stream_patterns(secondary)[2]["dynamodb"]
    key = heartbeat.key(stack("primary").region)
    assert pattern["Keys"]["pk"]["S"] == [key["pk"]["S"]]
    broken = heartbeat.attributes(heartbeat.Heartbeat(1, 1, 1, 1))
    whole = heartbeat.attributes(heartbeat.Heartbeat(1, 1, 1))
    assert set(pattern["NewImage"]) == set(broken) - set(whole)


def test_the_ledger_settles_but_cannot_speak_for_a_region(secondary: Stack) -> None:
    """Its functions read who is active. A replay writes items and the own journal only."""
    for name, statement in statements(secondary):
        if name not in ("LedgerRole", "LedgerStreamRole"):
            continue
        resources = str(statement["Resource"])
        if "ControlTable" in resources or stack("primary").region in resources:
            assert set(as_list(statement["Action"])) <= {"dynamodb:GetItem", "dynamodb:Query"}
        if "dynamodb:PutItem" in as_list(statement["Action"]) and "ItemsTable" in resources:
            keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            assert keys == ["I#*", f"J#{secondary.region}#*"]


def test_only_the_echo_and_the_promotion_can_speak_for_the_secondary() -> None:
    """The fence believes the control table, so nothing in the Primary may write there.

    The one exception is a person's: breaking the glass writes the control item and the override.
    """
    written = {}
    for name, statement in statements(stack("primary")):
        if any("-control" in str(r) for r in as_list(statement["Resource"])):
            for action in set(as_list(statement["Action"])) - READS:
                keys = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
                written[name, action] = keys
    assert written == {
        ("BreakGlassRole", "dynamodb:UpdateItem"): ["control"],
        ("BreakGlassRole", "dynamodb:PutItem"): [f"override#{stack('primary').region}"],
    }
