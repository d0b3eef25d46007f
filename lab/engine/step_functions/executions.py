"""Step Functions: moto's interpreter behind MiniStack's API.

MiniStack's own interpreter loses Lambda's error names, timeouts of machines and the failing fast of
Parallel.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from lab.config import ACCOUNT
from lab.engine.patching import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.engine.aws import Aws

POLL = 0.02


def install(aws: Aws, changed: Callable[[str, str], None]) -> None:
    """Run executions in moto's interpreter. `changed` gets the name and state of each."""
    from lab.engine.step_functions import corrections

    corrections.apply()
    live: dict[str, Any] = {}
    service = aws.stepfunctions

    def run(arn: str) -> None:
        record = service._executions[arn]
        _Run(aws, live, changed).run(
            arn, record, service._state_machines[record["stateMachineArn"]]
        )

    service._run_execution = run
    _start_is_idempotent(aws)
    _task_tokens(aws, live)


class _Run:
    """One execution."""

    def __init__(self, aws: Aws, live: dict[str, Any], changed: Callable[[str, str], None]) -> None:
        self._aws = aws
        self._live = live
        self._changed = changed
        self._ended = threading.Event()

    def run(self, arn: str, record: dict[str, Any], machine: dict[str, Any]) -> None:
        from moto.stepfunctions.parser.backend.execution import Execution

        definition = SimpleNamespace(
            arn=record["stateMachineArn"],
            name=machine["name"],
            definition=machine["definition"],
            sm_type=machine.get("type", "STANDARD"),
        )
        execution = Execution(
            name=record["name"],
            sm_type=definition.sm_type,
            role_arn=machine["roleArn"],
            exec_arn=arn,
            account_id=ACCOUNT,
            region_name=self._aws.region(),
            state_machine=definition,
            start_date=record["startDate"],
            cloud_watch_logging_session=None,
            activity_store={},
            input_data=record["input"] or "{}",
        )
        self._hear_the_end(execution)
        self._live[arn] = execution
        self._changed(f"execution {record['name']}", "RUNNING")
        execution.start()
        while not self._ended.wait(POLL):
            _copy_history(record, execution)
            if record["status"] == "ABORTED":
                # StopExecution: MiniStack has set the status and sent the event already.
                execution.stop(datetime.now(UTC), record.get("error"), record.get("cause"))
                _copy_history(record, execution)
                break
        else:
            self._finish(record, execution)
        self._live.pop(arn, None)
        self._changed(f"execution {record['name']}", record["status"])

    def _hear_the_end(self, execution: Any) -> None:
        make = execution._get_start_execution_worker_comm

        def wrapped() -> Any:
            communication = make()
            terminated = communication.terminated

            def ended() -> None:
                terminated()
                self._ended.set()

            communication.terminated = ended
            return communication

        execution._get_start_execution_worker_comm = wrapped

    def _finish(self, record: dict[str, Any], execution: Any) -> None:
        from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

        status = execution.exec_status.value
        _copy_history(record, execution)
        record["stopDate"] = self._aws.responses.now_iso()
        if status == "SUCCEEDED":
            record["output"] = to_json_str(execution.output, separators=(",", ":"))
        else:
            record["error"], record["cause"] = execution.error, execution.cause
        record["status"] = status
        self._aws.stepfunctions._emit_execution_status_event(record)


def _copy_history(record: dict[str, Any], execution: Any) -> None:
    from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

    environment = execution.exec_worker and execution.exec_worker.env
    if environment is None:
        return
    history = environment.event_manager.get_event_history()
    if len(history) != len(record.get("events") or []):
        record["events"] = json.loads(to_json_str(history))


def _start_is_idempotent(aws: Aws) -> None:
    """Return the running execution where one of the same name and input is started again."""
    service = aws.stepfunctions

    @wrap(service, "_start_execution")
    def start_once(start: Any, data: dict[str, Any]) -> Any:
        machine = service._resolve_state_machine_arn(data.get("stateMachineArn", ""))
        name = data.get("name")
        if machine and name:
            machine_name = service._state_machines[machine]["name"]
            arn = f"arn:aws:states:{aws.region()}:{ACCOUNT}:execution:{machine_name}:{name}"
            record = service._executions.get(arn)
            same = record and record["input"] == data.get("input", "{}")
            if same and record["status"] == "RUNNING":
                answer = {"executionArn": arn, "startDate": record["startDate"]}
                return service.json_response(answer)
        return start(data)


def _task_tokens(aws: Aws, live: dict[str, Any]) -> None:
    """Lead callbacks by task token to the interpreter's executions."""
    from moto.stepfunctions.parser.asl.eval.callback.callback import (
        CallbackOutcomeFailure,
        CallbackOutcomeSuccess,
    )

    service = aws.stepfunctions

    def pool_of(token: str) -> Any:
        for execution in list(live.values()):
            environment = execution.exec_worker and execution.exec_worker.env
            if environment and environment.callback_pool_manager.get(token):
                return environment.callback_pool_manager
        return None

    def callback(act: Callable[[Any, str, dict[str, Any]], None]) -> Callable[..., Any]:
        def handle(data: dict[str, Any]) -> Any:
            token = data.get("taskToken", "")
            pool = pool_of(token)
            if pool is None:
                message = "Task Timed Out: 'Provided task does not exist anymore'"
                return service.error_response_json("TaskDoesNotExist", message, 400)
            act(pool, token, data)
            return service.json_response({})

        return handle

    def succeed(pool: Any, token: str, data: dict[str, Any]) -> None:
        outcome = CallbackOutcomeSuccess(callback_id=token, output=data.get("output", "{}"))
        pool.notify(callback_id=token, outcome=outcome)

    def fail(pool: Any, token: str, data: dict[str, Any]) -> None:
        outcome = CallbackOutcomeFailure(
            callback_id=token, error=data.get("error"), cause=data.get("cause")
        )
        pool.notify(callback_id=token, outcome=outcome)

    service._send_task_success = callback(succeed)
    service._send_task_failure = callback(fail)
    service._send_task_heartbeat = callback(lambda pool, token, _: pool.heartbeat(token))
