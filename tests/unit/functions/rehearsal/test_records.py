"""Verdicts that the janitor keeps, beside those that the machine keeps itself."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pilot_light_client.timestamps import parse
from pilotlight.rehearsal import records
from pilotlight.rehearsal.aborted_run import AbortedRehearsal

from tests.unit.functions.fakes import RECOVERIES, aws_error

NOW, STARTED = "2026-01-31T12:00:05.000Z", "2026-01-31T12:00:00.000Z"
STOPPED = AbortedRehearsal("arn:stopped", STARTED, "stopped", "test", "manual", "Unproven.")


class Table:
    """The recoveries table, and what can go wrong with it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        for row in client.scan(TableName=RECOVERIES)["Items"]:
            client.delete_item(TableName=RECOVERIES, Key={"pk": row["pk"]})
        self.failing: set[str] = set()

    def __getattr__(self, operation: str) -> Any:
        if operation in self.failing:
            self.failing.remove(operation)
            raise aws_error("InternalServerError")
        return getattr(self._client, operation)

    def put(self, **values: str) -> None:
        item = {name: {"S": value} for name, value in values.items()}
        self._client.put_item(TableName=RECOVERIES, Item=item)

    def item(self, pk: str) -> dict[str, str]:
        found = self._client.get_item(TableName=RECOVERIES, Key={"pk": {"S": pk}}).get("Item", {})
        return {name: next(iter(value.values())) for name, value in found.items()}

    def keep(self, found: AbortedRehearsal = STOPPED) -> bool:
        return records.keep(self, RECOVERIES, found, now=parse(NOW), days=400)


@pytest.fixture
def table(moto_client: Any) -> Table:
    return Table(moto_client)


def test_the_verdict_is_kept_and_is_the_newest(table: Table) -> None:
    assert table.keep()
    assert table.item(f"rehearsal#{STARTED}") == {
        "pk": f"rehearsal#{STARTED}",
        "verdict": "INCONCLUSIVE",
        "outcome": "stopped",
        "summary": "Unproven.",
        "reason": "test",
        "trigger": "manual",
        "execution": "arn:stopped",
        "recorded_at": NOW,
        "keep_until": "1804420805",
    }
    assert table.item("rehearsal") == {
        "pk": "rehearsal",
        "verdict": "INCONCLUSIVE",
        "at": NOW,
        "started_at": STARTED,
        "execution": "arn:stopped",
    }


def test_when_one_last_passed_stays(table: Table) -> None:
    table.put(
        pk="rehearsal",
        verdict="PASS",
        at="2026-01-24",
        started_at="2026-01-24",
        last_pass_at="2026-01-24",
        forecast="{}",
    )
    assert table.keep()
    found = table.item("rehearsal")
    assert (found["verdict"], found["last_pass_at"]) == ("INCONCLUSIVE", "2026-01-24")
    assert "forecast" not in found, "it was that of the rehearsal before"


def test_a_verdict_that_the_run_kept_itself_stays(table: Table) -> None:
    table.put(pk=f"rehearsal#{STARTED}", verdict="PASS", outcome="rehearsed")
    table.put(pk="rehearsal", verdict="PASS", started_at=STARTED, last_pass_at=NOW)
    assert not table.keep()
    assert table.item(f"rehearsal#{STARTED}")["verdict"] == "PASS"
    assert table.item("rehearsal")["verdict"] == "PASS"


def test_a_later_run_s_verdict_stays_the_newest(table: Table) -> None:
    table.put(pk="rehearsal", verdict="PASS", started_at="2026-01-31T12:00:01.000Z")
    assert table.keep()
    assert table.item("rehearsal")["verdict"] == "PASS"
    assert table.item(f"rehearsal#{STARTED}")["verdict"] == "INCONCLUSIVE"


def test_an_attempt_that_came_half_way_is_finished_by_the_next(table: Table) -> None:
    table.failing.add("update_item")
    with pytest.raises(ClientError, match="InternalServerError"):
        table.keep()
    assert table.item("rehearsal") == {}
    assert table.keep()
    assert table.item("rehearsal")["verdict"] == "INCONCLUSIVE"
