"""Provisioned concurrency, executed: every outcome, every failure, and who starts it."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.machine import CAPACITY_DEFINITION, SECONDARY, aws_error, definition
from tests.integration.test_failures import janitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Network
    from tests.integration.machine import Faults, Machine, Run
    from tests.integration.provisioned import ProvisionedConcurrency

APP, SWITCH = "pilot-light-app", "pilot-light-switch"
REQUEST = {"action": "request", "reason": "promotion of epoch 2"}
RELEASE = {"action": "release", "reason": "failback"}
FAILOVER = {"mode": "failover", "reason": "test", "graceful": False}


def deployed(machine: Machine, wanted: str = "2") -> str:
    text = definition(
        CAPACITY_DEFINITION,
        Topic=machine.topic,
        AppFunction=APP,
        SwitchFunction=SWITCH,
        ProvisionedConcurrency=wanted,
    )
    return machine.deploy(text, "pilot-light-capacity")


@pytest.fixture
def ask(machine: Machine) -> Callable[[dict[str, Any]], Run]:
    arn = deployed(machine)
    return lambda given: machine.wait(machine.start(given, arn))


def events(machine: Machine) -> list[str]:
    return [event for event, _ in machine.notices()]


def test_a_request_waits_until_all_of_it_is_ready_and_says_so(
    machine: Machine, ask: Any, lambda_api: ProvisionedConcurrency
) -> None:
    run = ask(REQUEST)
    assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "ready")
    assert lambda_api.configured == {f"{APP}:live": 2, f"{SWITCH}:live": 2}
    assert lambda_api.calls[f"GET {APP}"] == 2, "looked until it was ready, and no longer"
    assert [f["status"] for f in run.output["functions"]] == ["READY", "READY"]
    ((event, message),) = machine.notices()
    assert event == "capacity_ready"
    assert "billed until it is released" in message


def test_a_release_deletes_it_and_may_be_repeated(
    machine: Machine, ask: Any, lambda_api: ProvisionedConcurrency
) -> None:
    ask(REQUEST)
    for _ in range(2):
        run = ask(RELEASE)
        assert (run.status, run.output["outcome"]) == ("SUCCEEDED", "released")
        assert lambda_api.configured == {}
    assert events(machine) == ["capacity_ready", "capacity_released", "capacity_released"]


@pytest.mark.parametrize(
    "code", ["ResourceNotFoundException", "ProvisionedConcurrencyConfigNotFoundException"]
)
def test_what_is_not_there_is_released(
    ask: Any, lambda_api: ProvisionedConcurrency, code: str
) -> None:
    lambda_api.refuse("DELETE", APP, code)
    run = ask(RELEASE)
    assert run.output["outcome"] == "released"
    assert "CapacityGone" in run.states


def test_capacity_that_lambda_cannot_give_is_a_failure_that_names_the_function(
    machine: Machine, ask: Any, lambda_api: ProvisionedConcurrency
) -> None:
    lambda_api.status = lambda function, _look: "FAILED" if function == APP else "READY"
    run = ask(REQUEST)
    assert (run.status, run.error) == ("FAILED", "CapacityFailed")
    assert f"{APP}: FAILED (no capacity is left)" in run.cause
    assert f"{SWITCH}: READY" in run.cause
    assert events(machine) == ["capacity_failed"]


def test_capacity_that_never_comes_is_given_up_after_a_bounded_time(
    machine: Machine, ask: Any, lambda_api: ProvisionedConcurrency
) -> None:
    lambda_api.status = lambda *_: "IN_PROGRESS"
    run = ask(REQUEST)
    assert run.status == "FAILED"
    assert f"{APP}: IN_PROGRESS" in run.cause
    assert lambda_api.calls[f"GET {APP}"] == 60
    assert lambda_api.configured[f"{APP}:live"] == 2, "what was asked stays asked"
    assert events(machine) == ["capacity_failed"]


def test_a_run_that_somebody_stopped_is_told_by_the_janitor(
    machine: Machine, lambda_api: ProvisionedConcurrency, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "arn", deployed(machine))

    def stopped_meanwhile(function: str, look: int) -> str:
        if (function, look) == (APP, 1):
            machine.stop_all()
        return "IN_PROGRESS"

    lambda_api.status = stopped_meanwhile
    run = machine.run(REQUEST)
    assert (run.status, events(machine)) == ("ABORTED", [])
    done = janitor(machine, run, monkeypatch)
    assert done == {
        "undone": False,
        "released": False,
        "notified": True,
        "verdict_kept": False,
    }
    ((event, message),) = machine.notices()
    assert event == "capacity_failed"
    assert "pilot-light-capacity ended ABORTED" in message and run.arn in message


def test_a_status_that_nobody_knows_is_not_ready(
    ask: Any, lambda_api: ProvisionedConcurrency
) -> None:
    lambda_api.status = lambda *_: "ALMOST"
    assert ask(REQUEST).status == "FAILED"
    assert lambda_api.calls[f"GET {APP}"] == 1


def test_a_call_that_is_throttled_is_tried_again(
    ask: Any, lambda_api: ProvisionedConcurrency
) -> None:
    for method in ("PUT", "GET"):
        lambda_api.refuse(method, APP, "TooManyRequestsException", "ServiceException")
    assert ask(REQUEST).output["outcome"] == "ready"


def test_a_release_while_a_request_waits_ends_the_request(
    machine: Machine, ask: Any, lambda_api: ProvisionedConcurrency
) -> None:
    def released_meanwhile(_function: str, look: int) -> str:
        if look == 2:
            lambda_api.configured.clear()
        return "IN_PROGRESS"

    lambda_api.status = released_meanwhile
    run = ask(REQUEST)
    assert run.status == "FAILED"
    assert "ProvisionedConcurrencyConfigNotFound" in run.cause
    assert lambda_api.configured == {}


@pytest.mark.parametrize(
    ("state", "given", "says"),
    [
        ("PutCapacity", REQUEST, "RequestCapacity: CapacityNotReady"),
        ("ReadCapacity", REQUEST, "RequestCapacity: CapacityNotReady"),
        ("DeleteCapacity", RELEASE, "ReleaseCapacity: CapacityNotReleased"),
    ],
)
def test_a_task_that_fails_ends_failed_and_notified(
    machine: Machine,
    ask: Any,
    faults: Faults,
    state: str,
    given: dict[str, Any],
    says: str,
) -> None:
    faults.always(state, aws_error("AccessDeniedException"))
    run = ask(given)
    assert (run.status, run.error) == ("FAILED", "CapacityFailed")
    assert run.cause.startswith(says)
    assert "AccessDenied" in run.cause
    assert events(machine) == ["capacity_failed"]


@pytest.mark.parametrize(
    ("state", "given"), [("NotifyReady", REQUEST), ("NotifyReleased", RELEASE)]
)
def test_an_outcome_stands_though_its_message_does_not_go_out(
    ask: Any, faults: Faults, state: str, given: dict[str, Any]
) -> None:
    faults.always(state, aws_error("InternalErrorException"))
    run = ask(given)
    assert run.status == "SUCCEEDED"
    assert run.output["notified"] is False


def test_a_failure_that_cannot_be_notified_is_still_a_failure(ask: Any, faults: Faults) -> None:
    faults.always("NotifyFailure", aws_error("InternalErrorException"))
    assert ask({"action": "nonsense"}).status == "FAILED"


@pytest.mark.parametrize(
    "given", [{}, {"action": "Release"}, {"action": None}, {"action": ["release"]}]
)
def test_an_action_that_nobody_knows_changes_nothing_and_is_told(
    machine: Machine, ask: Any, lambda_api: ProvisionedConcurrency, given: dict[str, Any]
) -> None:
    run = ask(given)
    assert (run.status, run.error) == ("FAILED", "InvalidExecutionInput")
    assert "must be request or release" in run.cause
    assert not lambda_api.calls
    assert events(machine) == ["capacity_failed"]


def test_a_request_for_nothing_is_refused_and_a_release_is_not(
    machine: Machine, lambda_api: ProvisionedConcurrency
) -> None:
    arn = deployed(machine, "0")
    run = machine.wait(machine.start(REQUEST, arn))
    assert run.error == "InvalidExecutionInput"
    assert "ProvisionedConcurrency is 0" in run.cause
    assert machine.wait(machine.start(RELEASE, arn)).output["outcome"] == "released"


# --- who starts it --------------------------------------------------------------------------------


def wants_capacity(machine: Machine, capacity: str) -> None:
    """Deploy the failover machine as the parameter ProvisionedConcurrency=2 would."""
    text = definition(Topic=machine.topic, ProvisionedConcurrency="2", CapacityMachine=capacity)
    machine.arn = machine.deploy(text, f"pilot-light-failover-{uuid.uuid4().hex[:8]}")


def test_a_promotion_requests_it_and_does_not_wait(
    machine: Machine, network: Network, lambda_api: ProvisionedConcurrency
) -> None:
    network.lose_primary()
    wants_capacity(machine, arn := deployed(machine))
    lambda_api.status = lambda *_: "IN_PROGRESS"
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    found = machine.sfn.list_executions(stateMachineArn=arn)["executions"]
    assert [(e["name"], e["status"]) for e in found] == [("promotion-2", "RUNNING")]
    assert run.output["capacity"] == {"requested": True, "detail": found[0]["executionArn"]}
    assert json.loads(machine.record(2)["capacity"]["S"])["requested"] is True
    machine.stop(found[0]["executionArn"])


def test_a_promotion_stands_though_it_could_not_be_requested_and_says_so(
    machine: Machine, network: Network, faults: Faults
) -> None:
    network.lose_primary()
    wants_capacity(machine, deployed(machine))
    faults.always("RequestCapacity", aws_error("AccessDenied"))
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert machine.active() == (SECONDARY, 2)
    assert run.output["capacity"]["requested"] is False
    assert "AccessDenied" in run.output["capacity"]["detail"]
    assert "could not be requested: " in machine.notices()[-1][1]


def test_a_run_that_completes_a_promotion_does_not_request_it_twice(
    machine: Machine, network: Network, faults: Faults, lambda_api: ProvisionedConcurrency
) -> None:
    network.lose_primary()
    wants_capacity(machine, arn := deployed(machine))
    faults.always("RecordRecovery", aws_error("AccessDeniedException"))
    assert machine.run(FAILOVER).status == "FAILED"
    machine.until(lambda: "capacity_ready" in events(machine))
    faults.by_state.clear()
    run = machine.run(FAILOVER)
    assert run.output["completing"] is True
    assert run.output["capacity"]["detail"] == "An earlier run requested it for this promotion."
    assert len(machine.sfn.list_executions(stateMachineArn=arn)["executions"]) == 1
    assert lambda_api.calls[f"PUT {APP}"] == 1


@pytest.mark.parametrize("given", [{"mode": "rehearsal", "reason": "test"}, FAILOVER])
def test_nothing_is_requested_where_nothing_is_promoted(
    machine: Machine, lambda_api: ProvisionedConcurrency, given: dict[str, Any]
) -> None:
    wants_capacity(machine, arn := deployed(machine))
    run = machine.run(given)
    assert run.output["outcome"] in {"rehearsed", "held"}
    assert machine.sfn.list_executions(stateMachineArn=arn)["executions"] == []
    assert not lambda_api.calls


def test_without_the_parameter_nothing_is_started(machine: Machine, network: Network) -> None:
    network.lose_primary()
    arn = deployed(machine)
    run = machine.run(FAILOVER)
    assert run.output["outcome"] == "promoted"
    assert "RequestCapacity" not in run.states
    assert machine.sfn.list_executions(stateMachineArn=arn)["executions"] == []
