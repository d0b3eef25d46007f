"""What a failover does about writes that it may lose, and what it tells of them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client.heartbeat import KEYS, Heartbeat
from pilot_light_client.heartbeat_table import Heartbeats

from tests.integration import conftest
from tests.integration.machine import JOURNAL, PRIMARY, RECOVERIES, SECONDARY
from tests.integration.test_outcomes import FAILOVER, REHEARSAL, alarm_event

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Machine


def heartbeats(machine: Machine, seconds_ago: float, keys: int = KEYS) -> None:
    """What the Secondary holds of the Primary's heartbeats."""
    written = int((time.time() - seconds_ago) * 1000)
    beat = Heartbeat(7, written, "test")
    held = Heartbeats(machine.dynamodb, JOURNAL)
    held.beat(PRIMARY, held.newest(PRIMARY), beat)
    if keys == KEYS:
        held.copy(beat, PRIMARY)


def sentinel(machine: Machine, seconds_ago: float) -> None:
    """What the sentinel saw first."""
    at = (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()
    looked = {"S": datetime.now(UTC).isoformat()}
    machine.sentinel(first_failed_at={"S": at}, observed_at=looked)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest.loaded("decide"), "RPO_POLICY", "ask")


def condition(output: dict[str, Any], name: str) -> dict[str, Any]:
    return next(c for c in output["decision"]["conditions"] if c["name"] == name)


def test_the_record_and_the_notification_tell_what_may_be_lost(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    heartbeats(machine, 40.0)
    sentinel(machine, 30.0)
    run = machine.run(alarm_event())
    assert run.output["outcome"] == "promoted"
    told = json.loads(machine.record(2)["rpo_estimate"]["S"])
    assert told["source"] == "sentinel"
    assert told["seconds"] == pytest.approx(10, abs=0.5)
    assert f"Estimated RPO: {told['seconds']:g} s." in machine.notices()[-1][1]


def test_without_heartbeats_it_promotes_and_says_that_it_does_not_know(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert f"Estimated RPO: Unknown: 0 of {KEYS} keys" in machine.notices()[-1][1]
    assert json.loads(machine.record(2)["rpo_estimate"]["S"])["seconds"] is None


@pytest.mark.usefixtures("ask")
def test_ask_promotes_within_the_objective(machine: Machine, network: Network) -> None:
    network.lose_primary()
    heartbeats(machine, 40.0)
    sentinel(machine, 30.0)
    assert machine.run(alarm_event()).output["outcome"] == "promoted"


@pytest.mark.usefixtures("ask")
@pytest.mark.parametrize(("age", "keys"), [(600.0, KEYS), (1.0, 1)], ids=["old", "missing"])
def test_ask_holds_beyond_the_objective_and_promotes_on_a_persons_word(
    machine: Machine, network: Network, age: float, keys: int
) -> None:
    network.lose_primary()
    heartbeats(machine, age, keys)
    arn = machine.start(alarm_event())
    machine.until(lambda: machine.states(arn).count("Decide") >= 2)
    assert machine.active() == (PRIMARY, 1)
    ((_, message),) = [n for n in machine.notices() if n[0] == "held"]
    assert "UNMET  rpo_within_objective" in message
    assert "met    outage_confirmed" in message
    machine.stop(arn)
    machine.dynamodb.delete_item(TableName=RECOVERIES, Key={"pk": {"S": "lock"}})
    run = machine.run({**FAILOVER, "override": ["rpo_within_objective"]})
    assert run.output["outcome"] == "promoted"
    assert machine.active() == (SECONDARY, 2)
    assert condition(run.output, "rpo_within_objective")["met"] is False


@pytest.mark.usefixtures("ask")
def test_a_word_on_the_loss_is_none_on_the_outage(machine: Machine) -> None:
    run = machine.run({**FAILOVER, "override": ["rpo_within_objective"]})
    assert run.output["decision"]["unmet"] == ["outage_confirmed"]
    assert machine.active() == (PRIMARY, 1)


@pytest.mark.usefixtures("ask")
def test_a_rehearsal_is_not_asked(machine: Machine) -> None:
    run = machine.run(REHEARSAL)
    assert run.output["outcome"] == "rehearsed"
    assert condition(run.output, "rpo_within_objective")["required"] is False


def test_a_run_that_completes_a_promotion_has_no_estimate_and_says_none(
    machine: Machine, network: Network
) -> None:
    machine.seed(SECONDARY, 2)
    network.lose_primary()
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert json.loads(machine.record(2)["rpo_estimate"]["S"]) == {}
    assert "Estimated RPO" not in run.output["summary"]


def test_the_scheduled_verdict_is_told_and_decides_nothing(
    machine: Machine, network: Network
) -> None:
    network.lose_primary()
    at = (datetime.now(UTC) - timedelta(minutes=4)).isoformat()
    stored = {"verdict": "not_ready", "findings": "functions failed: app", "checked_at": at}
    item = {"pk": {"S": "readiness"}, **{k: {"S": v} for k, v in stored.items()}}
    machine.dynamodb.put_item(TableName=RECOVERIES, Item=item)
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    found = condition(run.output, "scheduled_readiness")
    assert (found["required"], found["met"]) == (False, False)
    assert "functions failed: app" in found["detail"]
