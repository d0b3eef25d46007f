"""Step Functions' API in front of the interpreter: what it repeats and passes on."""

from __future__ import annotations

from typing import Any

import pytest

from lab.engine.step_functions import executions
from tests.unit.lab.engine.fakes import PRIMARY, Anything, FakeAws

ARN = f"arn:aws:states:{PRIMARY}:000000000000:execution:failover:run-1"


class Service:
    """MiniStack's Step Functions, as far as the corrections touch it."""

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []
        self._state_machines = {"machine-arn": {"name": "failover"}}
        self._executions: dict[str, dict[str, Any]] = {}

    def _resolve_state_machine_arn(self, arn: str) -> str | None:
        return arn if arn in self._state_machines else None

    def _start_execution(self, data: dict[str, Any]) -> str:
        self.started.append(data)
        return "started"

    def json_response(self, answer: Any) -> Any:
        return answer

    def error_response_json(self, code: str, message: str, status: int) -> Any:
        return {"code": code, "message": message, "status": status}


def idempotent(status: str) -> Service:
    service = Service()
    service._executions[ARN] = {"input": '{"a": 1}', "status": status, "startDate": "then"}
    executions._start_is_idempotent(FakeAws(stepfunctions=service))
    return service


SAME = {"stateMachineArn": "machine-arn", "name": "run-1", "input": '{"a": 1}'}


def test_the_same_start_again_while_it_runs_answers_with_the_running_one() -> None:
    service = idempotent("RUNNING")
    assert service._start_execution(SAME) == {"executionArn": ARN, "startDate": "then"}
    assert service.started == []


@pytest.mark.parametrize(
    ("status", "data"),
    [
        ("RUNNING", {**SAME, "input": '{"a": 2}'}),
        ("RUNNING", {**SAME, "name": "run-2"}),
        ("RUNNING", {**SAME, "name": None}),
        ("RUNNING", {**SAME, "stateMachineArn": "unknown"}),
        ("SUCCEEDED", SAME),
    ],
)
def test_every_other_start_is_the_services_to_judge(status: str, data: dict[str, Any]) -> None:
    service = idempotent(status)
    assert service._start_execution(data) == "started"


class Pool:
    """The callbacks that one execution waits for."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.outcomes: list[Any] = []
        self.beats: list[str] = []

    def get(self, token: str) -> bool:
        return token == self.token

    def notify(self, callback_id: str, outcome: Any) -> None:
        self.outcomes.append((callback_id, outcome))

    def heartbeat(self, token: str) -> None:
        self.beats.append(token)


def waiting() -> tuple[Any, Pool]:
    service: Any = Service()
    pool, env = Pool("token"), Anything
    other = env(exec_worker=env(env=env(callback_pool_manager=Pool("another"))))
    live = {
        "starting": env(exec_worker=None),
        "other": other,
        "ours": env(exec_worker=env(env=env(callback_pool_manager=pool))),
    }
    executions._task_tokens(FakeAws(stepfunctions=service), live)
    return service, pool


def test_a_token_finds_the_execution_that_waits_for_it() -> None:
    service, pool = waiting()
    service._send_task_success({"taskToken": "token", "output": '"yes"'})
    [(callback_id, outcome)] = pool.outcomes
    assert (callback_id, outcome.output) == ("token", '"yes"')


def test_a_refusal_by_token_carries_error_and_cause() -> None:
    service, pool = waiting()
    service._send_task_failure({"taskToken": "token", "error": "Refused", "cause": "no"})
    [(_, outcome)] = pool.outcomes
    assert (outcome.error, outcome.cause) == ("Refused", "no")


def test_a_heartbeat_by_token_is_passed_on() -> None:
    service, pool = waiting()
    service._send_task_heartbeat({"taskToken": "token"})
    assert pool.beats == ["token"]


def test_a_token_that_nobody_waits_for_does_not_exist() -> None:
    service, _ = waiting()
    assert service._send_task_success({"taskToken": "gone"})["code"] == "TaskDoesNotExist"
