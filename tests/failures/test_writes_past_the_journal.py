"""An application that writes past its journal fails its rehearsal by name.

Runs behind all cases: the stream keeps such a write, and no rehearsal passes any more.
"""

from __future__ import annotations

import uuid

import pytest
from items.item import item_key

from tests import hooked_pair
from tests.failures import situations as at

pytestmark = [pytest.mark.failures, pytest.mark.timeout(300, func_only=True)]
ITEMS = "pilot-light-app-items"


def test_a_write_past_the_journal_fails_the_rehearsal_and_holds_no_failover(pair):
    pair.settle()
    hooked_pair.let_it(pair.lab)
    assert pair.written_in(pair.primary) == (201, pair.primary)
    before = pair.wait("failover", pair.start("failover", at.REHEARSAL))
    assert before.output["verdict"] == "PASS", before.output["summary"]
    assert "writes were looked at in its stream here" in before.output["summary"]

    past = f"past-{uuid.uuid4().hex[:8]}"
    key = item_key(past)
    table = pair.lab.client("dynamodb", pair.primary)
    table.put_item(TableName=ITEMS, Item={**key, "text": {"S": "no journal"}})
    reader = pair.lab.client("dynamodb")
    pair.until("it to arrive", lambda: "Item" in reader.get_item(TableName=ITEMS, Key=key))

    run = pair.wait("failover", pair.start("failover", at.REHEARSAL))
    assert (run.end, run.output["verdict"]) == ("held", "FAIL")
    assert run.output["decision"]["unmet"] == ["conforms_to_level"]
    (told,) = pair.notices(run.arn)
    assert f"{ITEMS}: 1 of " in told.message
    assert past in told.message
    assert "was written without the mark pilot_light" in told.message
    failover = pair.wait("failover", pair.start("failover", at.OVERRIDE))
    assert failover.end == "promoted"
