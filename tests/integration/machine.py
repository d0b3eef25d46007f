"""The real state machine, executed in-process: moto's interpreter, moto's AWS, the real handlers.

Only two things are changed: Lambda tasks call the handlers of functions/ directly, and waiting is
compressed. Faults are injected per state, so that the failure of every single task can be tried.
"""

from __future__ import annotations

import io
import json
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from pilot_light_client import timestamps
from pilot_light_client.last_resort import LastResortTable
from pilotlight.control.keeper import Keeper
from pilotlight.control.table import ControlTable
from pilotlight.control.transitions import TRANSITIONS

from tests.ledger_table import create_ledger
from tests.messages import checked, rendering
from tools.reader.definitions import read, states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
DEFINITION = ROOT / "statemachines" / "failover.asl.yaml"
SWITCHOVER_DEFINITION = ROOT / "statemachines" / "switchover.asl.yaml"
EMERGENCY_DEFINITION = ROOT / "statemachines" / "emergency.asl.yaml"
SWITCHOVER_MACHINE = "arn:aws:states:us-east-2:123456789012:stateMachine:pilot-light-switchover"
PRIMARY, SECONDARY, ACCOUNT = "us-west-2", "us-east-2", "123456789012"
CONTROL, LAST_RESORT = "pilot-light-control-quorum", "pilot-light-last-resort"
WELL_AT = "2026-01-31T12:00:00.000Z"
RECOVERIES, JOURNAL, LEDGER = "pilot-light-recoveries", "pilot-light-journal", "pilot-light-ledger"
# The example application's table.
ITEMS = "pilot-light-app-items"
FUNCTIONS = ("Intake", "Confirm", "Readiness", "Warm", "Hook", "Decide", "Traffic", "Report")
# Started by the failover machine, and not waited for.
STARTED = ("Ledger",)
# What a planned move calls while writes replicate.
MOVE_FUNCTIONS = ("Preflight", "Proof", "Ledger")
TIME_COMPRESSION = 100.0
MACHINES = ("failover", "switchover", "emergency")
# Machine and state, for each state that was entered.
ENTERED: set[tuple[str, str]] = set()
_WRITING = threading.RLock()


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{SECONDARY}:{ACCOUNT}:function:pilot-light-{name.lower()}:live"


def aws_error(code: str) -> ClientError:
    """An error as an AWS service would answer it."""
    meta = {"HTTPStatusCode": 400, "RequestId": str(uuid.uuid4())}
    return ClientError({"Error": {"Code": code, "Message": code}, "ResponseMetadata": meta}, "Op")


class FunctionFailed(Exception):
    """Raised inside an in-process function to make it fail with a given error type."""

    def __init__(self, error_type: str, message: str = "injected") -> None:
        super().__init__(message)
        self.error_type = error_type


@dataclass
class Faults:
    """What goes wrong, by state name. A fault is called at each attempt and may raise."""

    by_state: dict[str, Callable[[], None]] = field(default_factory=dict)
    # What is raised after an attempt that did its work, each once.
    unanswered: dict[str, list[Exception]] = field(default_factory=dict)

    def always(self, state: str, error: Exception) -> None:
        def fail() -> None:
            raise error

        self.by_state[state] = fail

    def once(self, state: str, error: Exception) -> None:
        left = [error]

        def fail() -> None:
            if left:
                raise left.pop()

        self.by_state[state] = fail

    def lose_answer(self, state: str, error: Exception) -> None:
        """The next attempt does its work, and fails all the same."""
        self.unanswered[state] = [error]

    def call_once(self, state: str, action: Callable[[], object]) -> None:
        """Do something else just before the first attempt."""
        left = [action]
        self.by_state[state] = lambda: left.pop()() if left else None

    def call(self, state: str, action: Callable[[], None]) -> None:
        self.by_state[state] = action

    def strike(self, state: str) -> None:
        if state in self.by_state:
            self.by_state[state]()


class InProcessLambda:
    """What the interpreter takes for a Lambda client."""

    def __init__(self, handlers: dict[str, Callable[[dict[str, Any]], Any]]) -> None:
        self.handlers = handlers

    def invoke(self, FunctionName: str, Payload: bytes, **how: Any) -> dict[str, Any]:
        handler = self.handlers[FunctionName]
        if how.get("InvocationType") == "Event":
            # Nobody waits for it, nor hears of its errors.
            with suppress(Exception):
                handler(json.loads(Payload))
            return {"StatusCode": 202, "Payload": io.BytesIO(b"")}
        try:
            answer, failed = handler(json.loads(Payload)), False
        except Exception as error:
            kind = getattr(error, "error_type", type(error).__name__)
            answer, failed = {"errorType": kind, "errorMessage": str(error)}, True
        body = io.BytesIO(json.dumps(answer).encode())
        response = {"StatusCode": 200, "Payload": body, "ExecutedVersion": "1"}
        return response | ({"FunctionError": "Unhandled"} if failed else {})


def _struck(original: Callable[..., Any], faults: Faults) -> Callable[..., Any]:
    """A task that goes wrong where a test says so: before its work, or after it."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

    def evaluate(self: Any, env: Any, *args: Any, **kwargs: Any) -> Any:
        state = env.states.context_object.context_object_data["State"]["Name"]
        try:
            faults.strike(state)
        except FunctionFailed as error:
            detail = {"errorType": error.error_type, "errorMessage": str(error)}
            raise lambda_eval_utils.LambdaFunctionErrorException(
                "Unhandled", json.dumps(detail)
            ) from error
        before = list(env.stack)
        answer = original(self, env, *args, **kwargs)
        if faults.unanswered.get(state):
            env.stack[:] = before
            raise faults.unanswered[state].pop()
        return answer

    return evaluate


def _one_at_a_time(writes: Callable[..., Any]) -> Callable[..., Any]:
    """A write of DynamoDB: moto looks at its condition and writes in two steps, AWS in one."""

    def write(*args: Any, **kwargs: Any) -> Any:
        with _WRITING:
            return writes(*args, **kwargs)

    return write


@contextmanager
def interpreter(handlers: dict[str, Any], faults: Faults) -> Iterator[None]:
    """Patch moto's interpreter for the time of one test."""
    from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service_aws_sdk as sdk,
        state_task_service_dynamodb as ddb,
        state_task_service_lambda as lam,
        state_task_service_sfn as sfn,
        state_task_service_sns as sns,
    )
    from moto.stepfunctions.parser.asl.component.state.wait.wait_function import wait_function

    from lab.engine.step_functions.corrections import apply

    apply()
    undo: list[tuple[Any, str, Any]] = []

    def patch(target: Any, name: str, value: Any) -> None:
        undo.append((target, name, getattr(target, name)))
        setattr(target, name, value)

    for service in (
        ddb.StateTaskServiceDynamoDB,
        lam.StateTaskServiceLambda,
        sns.StateTaskServiceSns,
        sfn.StateTaskServiceSfn,
        sdk.StateTaskServiceAwsSdk,
    ):
        patch(service, "_eval_service_task", _struck(service._eval_service_task, faults))
    for name in ("put_item", "update_item", "delete_item", "transact_write_items"):
        patch(DynamoDBBackend, name, _one_at_a_time(getattr(DynamoDBBackend, name)))
    patch(lambda_eval_utils, "boto_client_for", lambda **_: InProcessLambda(handlers))

    for module in (ddb, sns, sfn, sdk):
        patch(
            module,
            "boto_client_for",
            lambda region, service, **_: client(service, region, attempts=1),
        )

    class FastTime:
        sleep = staticmethod(lambda seconds: time.sleep(seconds / TIME_COMPRESSION))

    patch(retrier_decl, "time", FastTime)
    patch(
        wait_function.WaitFunction,
        "_wait_interval",
        lambda self, env, wait_seconds: env.program_state_event.wait(
            wait_seconds / TIME_COMPRESSION
        ),
    )
    try:
        yield
    finally:
        for target, name, value in reversed(undo):
            setattr(target, name, value)


@cache
def definition(path: Path = DEFINITION, **overrides: str) -> str:
    """The definition as `sam deploy` would hand it over, substitutions filled in."""
    values = {
        "PrimaryRegion": PRIMARY,
        "SecondaryRegion": SECONDARY,
        "PublicName": "app.pilotlight.example",
        "ControlTable": CONTROL,
        "RecoveriesTable": RECOVERIES,
        "HoldRetrySeconds": "15",
        "CooldownSeconds": "900",
        "RehearsalRetentionDays": "400",
        "RtoTargetSeconds": "60",
        "Approval": "none",
        "ApprovalSeconds": "300",
        "SwitchoverMachine": SWITCHOVER_MACHINE,
        "DrainSeconds": "60",
        "FenceSeconds": "3",
        "MaxWriteSeconds": "2",
        "LastResortTable": LAST_RESORT,
        "AppName": "pilot-light",
        "MessageForm": "Json",
        **rendering(),
        **{
            f"{name}Function": function_arn(name)
            for name in {*FUNCTIONS, *STARTED, *MOVE_FUNCTIONS}
        },
        **overrides,
    }
    text = json.dumps(read(path.read_text(), values))
    assert "${" not in text, "a substitution was left unfilled"
    return text


@dataclass
class Run:
    """How one execution went."""

    arn: str
    status: str
    output: dict[str, Any]
    error: str
    cause: str
    states: list[str]


@cache
def client(service: str, region: str = SECONDARY, attempts: int = 4) -> Any:
    """Return a client, made once for all tests: making it takes 15 ms."""
    config = Config(retries={"total_max_attempts": attempts})
    return boto3.client(service, region_name=region, config=config)


class Inbox:
    """A Region's topic, and what somebody who subscribed to it has got."""

    def __init__(self, region: str) -> None:
        self._sqs, sns = client("sqs", region), client("sns", region)
        self.topic = sns.create_topic(Name="pilot-light-recovery")["TopicArn"]
        self._queue = self._sqs.create_queue(QueueName="inbox")["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        endpoint = found["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=endpoint)

    def notices(self) -> list[tuple[str, str]]:
        """Drain the inbox: (event, message) in order. A message is its fields, and its token."""
        found = []
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                attributes = {k: v["Value"] for k, v in body["MessageAttributes"].items()}
                fields = checked(body["Message"], attributes)
                text = "\n".join(map(str, fields.values()))
                if "task_token" in attributes:
                    text += f"\ntask_token: {attributes['task_token']}"
                found.append((attributes["event"], text))
                handle = message["ReceiptHandle"]
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=handle)
        return found


class Machine:
    """One deployed failover machine with its tables and its topic."""

    def __init__(self, faults: Faults, functions: InProcessLambda) -> None:
        self.faults, self.functions = faults, functions
        self.dynamodb, self.sfn = client("dynamodb"), client("stepfunctions")
        for table in (CONTROL, RECOVERIES, LAST_RESORT):
            self.dynamodb.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            )
        key = [{"AttributeName": n, "KeyType": k} for n, k in (("pk", "HASH"), ("sk", "RANGE"))]
        names = [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")]
        create_ledger(self.dynamodb, LEDGER)
        for table in (JOURNAL, ITEMS):
            # As global tables have it.
            stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
            self.dynamodb.create_table(
                StreamSpecification=stream,
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=names,
                KeySchema=key,
            )
        share_control_table()
        self.inbox = Inbox(SECONDARY)
        self.topic = self.inbox.topic
        self.arn = self.deploy(definition(Topic=self.topic))
        self.seed()
        self.sentinel()

    def deploy(self, text: str, name: str = "pilot-light-failover") -> str:
        role = f"arn:aws:iam::{ACCOUNT}:role/failover"
        return self.sfn.create_state_machine(name=name, roleArn=role, definition=text)[
            "stateMachineArn"
        ]

    # --- data ------------------------------------------------------------------------------------
    def seed(
        self,
        active_region: str = PRIMARY,
        epoch: int = 1,
        state: str = "serving",
        **more: str | int,
    ) -> None:
        """Put the control item as somebody else left it, at the next revision."""
        item = {
            "pk": {"S": "control"},
            "revision": {"N": str(self.revision() + 1)},
            "active_region": {"S": active_region},
            "epoch": {"N": str(epoch)},
            "state": {"S": state},
            "changed_by": {"S": "seed"},
        }
        item |= {k: {"N" if isinstance(v, int) else "S": str(v)} for k, v in more.items()}
        self.dynamodb.put_item(TableName=CONTROL, Item=item)

    def sentinel(self, **attributes: dict[str, str]) -> None:
        """Put what the sentinel has stored: the Primary was well, and these attributes."""
        item = {"pk": {"S": "sentinel"}, "well_at": {"S": WELL_AT}, **attributes}
        self.dynamodb.put_item(TableName=RECOVERIES, Item=item)

    def revision(self) -> int:
        """Return the control item's revision, 0 where there is none."""
        return int(self.item(CONTROL, "control").get("revision", {"N": "0"})["N"])

    def change(self, name: str, by: str = "somebody else", **extras: str | int) -> None:
        """Make a transition of the control item as its own code does."""
        table = ControlTable(self.dynamodb, CONTROL)
        seen = table.read()
        here = {PRIMARY: SECONDARY, SECONDARY: PRIMARY}[seen.active_region]
        row = TRANSITIONS[name]
        table.change(
            row,
            seen,
            here=here if row.claims else seen.active_region,
            by=by,
            at=timestamps.now(),
            **extras,
        )

    def item(self, table: str, pk: str) -> dict[str, Any]:
        return self.dynamodb.get_item(TableName=table, Key={"pk": {"S": pk}}).get("Item", {})

    def control(self) -> dict[str, str]:
        """The control item, its values plain."""
        return {k: next(iter(v.values())) for k, v in self.item(CONTROL, "control").items()}

    def active(self) -> tuple[str, int]:
        item = self.control()
        return item["active_region"], int(item["epoch"])

    def lock(self) -> dict[str, Any]:
        return self.item(RECOVERIES, "lock")

    def record(self, epoch: int) -> dict[str, Any]:
        return self.item(RECOVERIES, f"recovery#{epoch}")

    def rows(self, table: str) -> list[str]:
        """The keys of a table, without the item that every deployment's sentinel writes."""
        found = (i["pk"]["S"] for i in self.dynamodb.scan(TableName=table)["Items"])
        return sorted(pk for pk in found if pk != "sentinel")

    def notices(self) -> list[tuple[str, str]]:
        """Drain the inbox: (event, message) in order."""
        return self.inbox.notices()

    # --- executions ------------------------------------------------------------------------------
    def newest(self, arn: str | None = None) -> str:
        """The execution that was started last."""
        found = self.sfn.list_executions(stateMachineArn=arn or self.arn)["executions"]
        return str(max(found, key=lambda e: e["startDate"])["executionArn"])

    def start(self, request: dict[str, Any], arn: str | None = None) -> str:
        return self.sfn.start_execution(
            stateMachineArn=arn or self.arn, name=str(uuid.uuid4()), input=json.dumps(request)
        )["executionArn"]

    def stop(self, arn: str) -> None:
        self.sfn.stop_execution(executionArn=arn, error="Stopped", cause="by the test")

    def stop_all(self) -> None:
        """End what a failed test left running."""
        found = self.sfn.list_executions(stateMachineArn=self.arn, statusFilter="RUNNING")
        for execution in found["executions"]:
            self.stop(execution["executionArn"])

    def wait(self, arn: str, seconds: float = 30) -> Run:
        execution, until = execution_of(arn), time.monotonic() + seconds
        while execution.exec_status == "RUNNING":
            assert time.monotonic() < until, f"still running in {self.states(arn)[-1:]}"
            time.sleep(0.005)
        found = self.sfn.describe_execution(executionArn=arn)
        return Run(
            arn,
            found["status"],
            json.loads(found.get("output") or "{}"),
            found.get("error", ""),
            found.get("cause", ""),
            self.states(arn),
        )

    def run(self, request: dict[str, Any]) -> Run:
        return self.wait(self.start(request))

    def states(self, arn: str) -> list[str]:
        events = execution_of(arn).to_history_output()["events"]
        names = [
            e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e
        ]
        # A test may deploy a variant of one, under a name that begins alike.
        deployed = arn.split(":")[-2].removeprefix("pilot-light-")
        machine = next(name for name in MACHINES if deployed.startswith(name))
        ENTERED.update((machine, name) for name in names)
        return names

    def until(self, condition: Callable[[], Any], seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "the condition did not come true"
            time.sleep(0.01)


def execution_of(arn: str) -> Any:
    """Return moto's own record of an execution. An answer of its API takes 7 ms to serialize."""
    region = arn.split(":")[3]
    return stepfunctions_parser_backends[ACCOUNT][region].describe_execution(arn)


def keeper(region: str, later_ms: int = 0) -> Keeper:
    """What finishes in a Region what a dead run left, by a clock that is ahead. It waits not."""
    dynamodb = client("dynamodb", region)
    return Keeper(
        table=ControlTable(dynamodb, CONTROL),
        region=region,
        name=f"keeper {region}",
        lease_seconds=5.0,
        last_resort=LastResortTable(dynamodb, LAST_RESORT),
        sleep=lambda _seconds: None,
        clock=lambda: timestamps.milliseconds() + later_ms,
    )


def share_control_table() -> None:
    """Let both Regions reach the one control table: moto has no strongly consistent global table.

    The very same table answers in both, so that every read is strong and every condition counts.
    """
    backends = dynamodb_backends[ACCOUNT]
    backends[PRIMARY].tables[CONTROL] = backends[SECONDARY].tables[CONTROL]


def all_states(path: Path = DEFINITION) -> set[str]:
    """Names of all states, those of the branches included."""
    return set(states(read(path.read_text())))


def all_tasks(path: Path = DEFINITION) -> set[str]:
    """Names of all Task states."""
    found = states(read(path.read_text()))
    return {name for name, state in found.items() if state["Type"] == "Task"}
