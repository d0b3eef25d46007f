"""Warming, executed: a thousand functions in one run, the list of a user, and a hold."""

from __future__ import annotations

import io
import itertools
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client import http

from tests.integration import conftest
from tests.integration.machine import RECOVERIES, aws_error

if TYPE_CHECKING:
    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine, Run

FAILOVER = {"mode": "failover", "reason": "test", "graceful": False}
REHEARSAL = {"mode": "rehearsal", "reason": "test"}


class Fleet:
    """Lambda's side of a ping: every ping gets an environment of its own, for whatever function."""

    def __init__(self) -> None:
        self.pinged: set[str] = set()
        self.silent: set[str] = set()
        self._ids = itertools.count()

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        assert "warm" in json.loads(Payload)["pilot_light"]
        self.pinged.add(FunctionName)
        answer = {"environment": f"environment {next(self._ids)}"}
        body = {} if FunctionName in self.silent else answer
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(body).encode())}


@pytest.fixture
def fleet(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    found = Fleet()
    monkeypatch.setattr(conftest.loaded("warm"), "LAMBDA", found)
    return found


def listed(machine: Machine, *functions: str) -> None:
    """Add functions to the list, as the runbook says."""
    machine.dynamodb.update_item(
        TableName=RECOVERIES,
        Key={"pk": {"S": "warm-targets"}},
        UpdateExpression="ADD targets :new",
        ExpressionAttributeValues={":new": {"SS": list(functions)}},
    )


def warm(run: Run) -> dict[str, Any]:
    """The condition as the decision has it."""
    conditions = run.output["decision"]["conditions"]
    return next(c for c in conditions if c["name"] == "functions_warm")


def evidence(machine: Machine) -> dict[str, Any]:
    return json.loads(machine.record(2)["evidence"]["S"])["warm"]


def history(machine: Machine, run: Run) -> list[dict[str, Any]]:
    return machine.sfn.get_execution_history(executionArn=run.arn, maxResults=1000)["events"]


def payloads(events: list[dict[str, Any]]) -> list[str]:
    """Everything that a state or a task was given or gave."""
    details = (v for event in events for k, v in event.items() if k.endswith("EventDetails"))
    keys = ("input", "output", "parameters")
    return [d[key] for d in details for key in keys if isinstance(d.get(key), str)]


def test_a_thousand_functions_are_warmed_within_one_run(
    machine: Machine,
    network: Network,
    fleet: Fleet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conftest.loaded("warm"), "WARM_CONCURRENCY", 5)
    # Forty Lambdas share one process here: what is shown is size, not speed.
    monkeypatch.setattr(conftest.loaded("warm"), "BUDGET", timedelta(minutes=2))
    network.lose_primary()
    names = [f"{'a-function-with-a-name-of-full-length-' * 2}{i:04}"[-64:] for i in range(999)]
    listed(machine, *(f"{name}:live" for name in names))
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert len(fleet.pinged) == 1000
    assert warm(run)["met"] is True
    assert "5000 of 5000 execution environments are proven, in 1000 of 1000" in warm(run)["detail"]
    assert run.states.count("WarmBatch") == 40
    events = history(machine, run)
    largest = max(len(p.encode()) for p in payloads(events))
    assert 450 > len(events) > 7 * 40, "of the 25,000 that one execution may have"
    assert 1_000 < largest < 32 * 1024, "of the 256 KiB that one payload may have"
    # What test_a_hold_of_full_length_stays_within_the_history counts on. A run's other states make
    # some hundred events, once.
    assert len(events) - 98 < 300


def test_the_app_s_own_functions_and_those_of_the_list_are_warmed_once_each(
    machine: Machine, network: Network, fleet: Fleet
) -> None:
    network.lose_primary()
    listed(machine, "orders:live", "pilot-light-app:live")
    machine.run(FAILOVER)
    found = evidence(machine)
    assert (found["planned"], found["functions"]) == (2, 2)
    assert sorted(t["function"] for t in found["targets"]) == [
        "orders:live",
        "pilot-light-app:live",
    ]
    assert all(t["environments"] == t["requested"] == 3 for t in found["targets"])


def test_a_function_that_does_not_answer_pings_is_named_and_vetoes_nothing(
    machine: Machine, network: Network, fleet: Fleet
) -> None:
    network.lose_primary()
    listed(machine, "orders:live")
    fleet.silent.add("orders:live")
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert warm(run)["met"] is False
    assert "orders:live: 0 of 3" in warm(run)["detail"]
    assert "does not answer warm pings" in evidence(machine)["targets"][0]["why"]


def test_paths_of_an_application_that_answers_no_pings_are_requested_and_counted(
    machine: Machine, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.lose_primary()
    monkeypatch.setattr(conftest.loaded("warm"), "APP_FUNCTIONS", [])
    monkeypatch.setattr(conftest.loaded("warm"), "WARM_PATHS", ["/orders", "/carts"])
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert warm(run)["met"] is True
    assert "2 of 2 paths were requested (/orders: 3 of 3" in warm(run)["detail"]
    found = evidence(machine)
    assert (found["planned"], found["planned_paths"], found["environments"]) == (0, 2, 0)
    assert [(p["path"], p["answered"]) for p in found["paths"]] == [("/orders", 3), ("/carts", 3)]


def test_a_path_that_nobody_serves_is_named_and_vetoes_nothing(
    machine: Machine, network: Network, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.lose_primary()
    monkeypatch.setattr(conftest.loaded("warm"), "WARM_PATHS", ["/orders"])
    answered = http.request

    def request(method: str, url: str, **more: Any) -> http.Response:
        if url.endswith("/orders"):
            raise http.Unreachable("TimeoutError: the time is up")
        return answered(method, url, **more)

    monkeypatch.setattr(http, "request", request)
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert warm(run)["met"] is False
    assert "3 of 3 execution environments are proven" in warm(run)["detail"]
    assert "/orders: 0 of 3 requests were answered" in warm(run)["detail"]
    assert evidence(machine)["paths"][0]["why"] == "TimeoutError: the time is up"


def test_a_batch_that_fails_is_missing_from_what_is_proven(
    machine: Machine, network: Network, fleet: Fleet, faults: Faults
) -> None:
    network.lose_primary()
    listed(machine, *(f"f{i}:live" for i in range(80)))
    faults.once("WarmBatch", aws_error("AccessDeniedException"))
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert warm(run)["met"] is False
    proven = re.search(r"in (\d+) of 81 functions", warm(run)["detail"])
    assert proven
    assert proven[1] in {"40", "41"}, "of two batches the first to come fails"
    assert len(evidence(machine)["errors"]) == 1


@pytest.mark.parametrize("fails", [None, "PlanWarming", "WarmBatch"])
def test_a_hold_warms_once_and_not_at_every_judgement(
    machine: Machine, network: Network, faults: Faults, fails: str | None
) -> None:
    network.lose_primary()
    network.secondary_up = False
    if fails:
        faults.always(fails, aws_error("AccessDeniedException"))
    arn = machine.start(FAILOVER)
    machine.until(lambda: machine.states(arn).count("WasWarmingTried") >= 4)
    network.secondary_up = True
    run = machine.wait(arn)
    assert run.output["outcome"] == "promoted"
    assert run.states.count("PlanWarming") == 1
    assert warm(run)["met"] is (fails is None)


def test_a_hold_warms_again_when_environments_may_be_gone(
    machine: Machine, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = conftest.loaded("warm")
    plan = module.plan
    long_ago = {"asked_at": "2020-01-01T00:00:00.000Z"}
    monkeypatch.setattr(module, "plan", lambda: {**plan(), **long_ago})
    network.lose_primary()
    network.secondary_up = False
    arn = machine.start(FAILOVER)
    machine.until(lambda: machine.states(arn).count("PlanWarming") >= 2)
    network.secondary_up = True
    assert machine.wait(arn).output["outcome"] == "promoted"


def test_a_rehearsal_warms_and_leaves_the_list_as_it_was(machine: Machine, fleet: Fleet) -> None:
    listed(machine, "orders:live")
    run = machine.run(REHEARSAL)
    assert run.output["outcome"] == "rehearsed"
    assert "orders:live" in fleet.pinged
    assert machine.item(RECOVERIES, "warm-targets")["targets"] == {"SS": ["orders:live"]}
