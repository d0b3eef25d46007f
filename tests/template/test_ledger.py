"""The stream and the ledger: who consumes what, and who may speak for a Region."""

from __future__ import annotations

import json
from typing import Any

from pilotlight.items.writes import Write, plan, transaction

from tests.template.policies import statements
from tests.template.stacks import Stack, stack
from tools.reader.template import as_list


def stream(secondary: Stack) -> dict[str, Any]:
    found = secondary.of_type("AWS::Lambda::EventSourceMapping").values()
    (mapping,) = [m for m in found if m["EventSourceArn"] == "<ItemsTable.StreamArn>"]
    return mapping


def stream_patterns(secondary: Stack) -> list[dict[str, Any]]:
    mapping = stream(secondary)
    return [json.loads(f["Pattern"]) for f in mapping["FilterCriteria"]["Filters"]]


def test_the_stream_has_one_consumer_that_takes_what_the_primary_wrote(secondary: Stack) -> None:
    """AWS asks for one reader of a global table's stream."""
    journal, items, over = stream_patterns(secondary)
    primary = stack("primary").region
    puts = [put["Put"]["Item"] for put in transaction(plan_of(primary), "items")]
    (prefix,) = journal["dynamodb"]["Keys"]["pk"]["S"]
    assert puts[1]["pk"]["S"].startswith(prefix["prefix"])
    (prefix,) = items["dynamodb"]["Keys"]["pk"]["S"]
    assert puts[0]["pk"]["S"].startswith(prefix["prefix"])
    assert items["dynamodb"]["NewImage"]["region"]["S"] == [puts[0]["region"]["S"]]
    assert all(p["eventName"] == ["INSERT", "MODIFY"] for p in (journal, items))
    assert over["eventName"] == ["MODIFY"]


def test_the_stream_tells_what_the_secondary_wrote_over_the_primary_s(secondary: Stack) -> None:
    """A late write of a closed epoch may be the one that a newer one replaced."""
    over = stream_patterns(secondary)[2]["dynamodb"]
    old, new = (
        transaction(plan_of(stack(env).region), "items")[0]["Put"]["Item"]
        for env in ("primary", "secondary")
    )
    (prefix,) = over["Keys"]["pk"]["S"]
    assert new["pk"]["S"].startswith(prefix["prefix"])
    assert over["OldImage"]["region"]["S"] == [old["region"]["S"]]
    assert over["NewImage"]["region"]["S"] == [new["region"]["S"]]


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
