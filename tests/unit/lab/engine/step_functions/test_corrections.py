"""Where the corrected interpreter behaves as AWS does and moto's own does not."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import (
    BranchWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (  # noqa: E501
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackPoolManager
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramRunning,
    ProgramStopped,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.asl.jsonata import jsonata
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from lab.engine.step_functions import corrections
from tests.unit.lab.engine.fakes import Anything

corrections.apply()
END = {"Type": "Pass", "End": True}


def evaluate(expression: str, **variables: Any) -> Any:
    bindings = {f"${name}": value for name, value in variables.items()}
    declared = jsonata.encode_jsonata_variable_declarations(bindings)
    return jsonata.eval_jsonata_expression(declared + expression)


def parse(**states: Any) -> Any:
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    return AmazonStateLanguageParser.parse(json.dumps(definition))


def test_a_definition_that_does_not_parse_does_not_spoil_the_next() -> None:
    with pytest.raises(ValueError, match="downgrade"):
        parse(First={**END, "QueryLanguage": "JSONPath"})
    by_path = {"QueryLanguage": "JSONPath", "StartAt": "First", "States": {"First": END}}
    AmazonStateLanguageParser.parse(json.dumps(by_path))


def test_a_definition_is_parsed_once() -> None:
    assert parse(First=END) is parse(First=END)
    assert parse(First=END) is not parse(Other=END)


def test_variables_keep_their_types() -> None:
    value = {"text": 'with "quotes"', "number": 1.5, "list": [1, None], "none": None}
    assert evaluate("$value", value=value) == value


def test_a_value_may_hold_what_ends_a_comment() -> None:
    value = {"text": "/* s3://bucket/*/key */ {}*/"}
    assert evaluate("$value", value=value) == value


def test_a_declaration_holds_however_many_came_after_it() -> None:
    declared = jsonata.encode_jsonata_variable_declarations({"$value": "first"})
    for number in range(25_000):
        jsonata.encode_jsonata_variable_declarations({"$value": number})
    assert jsonata.eval_jsonata_expression(f"{declared}$value") == "first"


def test_a_null_is_there_and_a_missing_value_is_not() -> None:
    assert evaluate("$exists($value)", value=None) is True
    assert evaluate("$exists($value.a)", value={"a": None}) is True
    assert evaluate("$exists($value.b)", value={"a": None}) is False
    assert evaluate("$type($value.a)", value={"a": None}) == "null"


def test_a_variable_of_one_expression_is_unknown_to_the_next() -> None:
    evaluate("$secret", secret=1)
    assert evaluate("$exists($secret)") is False


def test_one_expression_is_evaluated_by_many_at_once_each_with_its_own_values() -> None:
    """An expression is parsed once for each that evaluates it at the same time."""

    def evaluated(number: int) -> bool:
        given = {"of": number, "more": [None, number]}
        found = evaluate("{'of': $value.of, 'more': $value.more}", value=given)
        return bool(found == given)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(evaluated, range(400)))
    finally:
        sys.setswitchinterval(interval)


def test_what_an_expression_returns_is_nobody_elses() -> None:
    given = {"list": [1]}
    evaluate("$value", value=given)["list"].append(2)
    assert evaluate("$value", value=given) == {"list": [1]}


def test_the_root_context_is_refused_as_on_aws() -> None:
    with pytest.raises(jsonata.IllegalJSONataVariableReference):
        jsonata.extract_jsonata_variable_references("$$.phone")


def test_the_context_may_be_used_as_on_aws() -> None:
    assert evaluate("$items[$ > 1]", items=[1, 2, 3]) == [2, 3]
    assert jsonata.extract_jsonata_variable_references("$items[$ > $limit]") == {
        "$items",
        "$limit",
    }


def test_a_moment_is_written_as_aws_does() -> None:
    started = datetime(2026, 1, 31, 13, tzinfo=timezone(timedelta(hours=1)))
    assert evaluate("$started", started=started) == "2026-01-31T12:00:00.000Z"


def test_an_expression_that_fails_is_a_query_error_and_no_crash() -> None:
    with pytest.raises(jsonata.JSONataException):
        evaluate("$unclosed(")


def task(service: str, action: str) -> Any:
    made: Any = object.__new__(StateTaskServiceAwsSdk)
    made.resource = Anything(api_name=service, api_action=action)
    return made


def test_arguments_in_javas_spelling_reach_botocore_in_its_own() -> None:
    given = {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": [{"ResourceRecordSet": {"Ttl": 10}}]}}
    task("route53", "changeResourceRecordSets")._normalise_parameters(given)
    assert given["ChangeBatch"] == {"Changes": [{"ResourceRecordSet": {"TTL": 10}}]}


def test_answers_return_in_javas_spelling() -> None:
    answer = {"executionArn": "arn", "startDate": "then", "extra": 1}
    task("sfn", "describeExecution")._normalise_response(answer)
    assert answer == {"ExecutionArn": "arn", "StartDate": "then", "extra": 1}


def test_keys_of_maps_are_data_and_keep_their_spelling() -> None:
    given = {"tableName": "items", "Item": {"write_id": {"S": "x"}, "TTL": {"N": "1"}}}
    task("dynamodb", "putItem")._normalise_parameters(given)
    assert given == {"TableName": "items", "Item": {"write_id": {"S": "x"}, "TTL": {"N": "1"}}}


def test_a_service_has_its_name_of_the_java_sdk() -> None:
    assert task("eventbridge", "putEvents")._get_boto_service_name() == "events"
    assert task("sfn", "describeExecution")._get_boto_service_name() == "stepfunctions"


def environment() -> Any:
    found: Any = object.__new__(Environment)
    found.__dict__.update(
        _state_mutex=threading.RLock(),
        _program_state=ProgramRunning(),
        _frames=[],
        program_state_event=threading.Event(),
        callback_pool_manager=CallbackPoolManager(activity_store={}),
    )
    return found


def test_a_failure_of_what_a_stop_cuts_short_leaves_it_stopped() -> None:
    whole, branch = environment(), environment()
    whole._frames.append(branch)
    whole.set_stop(stop_date="now", cause=None, error=None)
    for env in (branch, whole):
        env.set_error({"error": "States.Runtime"})
        assert isinstance(env.program_state(), ProgramStopped)


def test_a_failure_of_what_a_timeout_cuts_short_leaves_it_timed_out() -> None:
    env = environment()
    env.set_timed_out()
    env.set_error({"error": "States.Runtime"})
    assert isinstance(env.program_state(), ProgramTimedOut)


@pytest.mark.parametrize("end", ["set_stop", "set_timed_out"])
def test_a_task_that_waits_for_its_token_ends_with_the_execution(end: str) -> None:
    env = environment()
    endpoint = env.callback_pool_manager.add("token")
    given = {"stop_date": "now", "cause": None, "error": None} if end == "set_stop" else {}
    waiting = threading.Thread(target=endpoint.wait, kwargs={"timeout": 30})
    waiting.start()
    getattr(env, end)(**given)
    waiting.join(5)
    assert not waiting.is_alive()


def test_a_failure_of_what_runs_is_a_failure() -> None:
    env = environment()
    env.set_error({"error": "Mine"})
    assert env.program_state().error == {"error": "Mine"}


class Branch:
    """A branch of a Parallel, and whether it told that it ended."""

    def __init__(self, *, running: bool, error: Exception | None = None) -> None:
        self.error = error
        self.evaluated = self.ended = 0
        self.running = running
        worker: Any = BranchWorker
        self.worker = worker(self, self, Anything(is_running=lambda: self.running))

    def eval(self, _env: Any) -> None:
        self.evaluated += 1
        if self.error:
            raise self.error

    def on_terminated(self, env: Any) -> None:
        assert env is self.worker.env
        self.ended += 1


def test_a_branch_that_runs_is_evaluated_and_ends() -> None:
    branch = Branch(running=True)
    branch.worker._thread_routine()
    assert (branch.evaluated, branch.ended) == (1, 1)


def test_a_branch_that_is_stopped_before_it_starts_ends_too() -> None:
    branch = Branch(running=False)
    branch.worker._thread_routine()
    assert (branch.evaluated, branch.ended) == (0, 1)


def test_a_branch_that_crashes_ends_too() -> None:
    branch = Branch(running=True, error=RuntimeError("broken"))
    with pytest.raises(RuntimeError, match="broken"):
        branch.worker._thread_routine()
    assert branch.ended == 1
