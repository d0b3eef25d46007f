"""The real state machine, executed in-process: moto's interpreter, moto's AWS, the real handlers.

Only two things are changed: Lambda tasks call the handlers of functions/ directly, and waiting is
compressed. Faults are injected per state, so that the failure of every single task can be tried.
"""

from __future__ import annotations

import io
import json
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
DEFINITION = ROOT / "statemachines" / "failover.asl.json"
SWITCHOVER_DEFINITION = ROOT / "statemachines" / "switchover.asl.json"
CAPACITY_DEFINITION = ROOT / "statemachines" / "capacity.asl.json"
BREAK_GLASS_DEFINITION = ROOT / "statemachines" / "break-glass.asl.json"
CAPACITY_MACHINE = "arn:aws:states:us-east-2:123456789012:stateMachine:pilot-light-capacity"
SWITCHOVER_MACHINE = CAPACITY_MACHINE.replace("-capacity", "-switchover")
PRIMARY, SECONDARY, ACCOUNT = "us-west-2", "us-east-2", "123456789012"
CONTROL, RECOVERIES = "pilot-light-control", "pilot-light-recoveries"
ITEMS, LEDGER = "pilot-light-items", "pilot-light-ledger"
FUNCTIONS = ("Intake", "Confirm", "Readiness", "Warm", "Decide", "Traffic", "Report")
# What only a planned move calls.
MOVE_FUNCTIONS = ("Preflight", "Proof", "Ledger")
TIME_COMPRESSION = 100.0
MACHINES = ("failover", "switchover", "capacity", "break-glass")
# Machine and state, for each state that was entered.
ENTERED: set[tuple[str, str]] = set()


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

    def call(self, state: str, action: Callable[[], None]) -> None:
        self.by_state[state] = action

    def strike(self, state: str) -> None:
        if state in self.by_state:
            self.by_state[state]()


class InProcessLambda:
    """What the interpreter takes for a Lambda client."""

    def __init__(self, handlers: dict[str, Callable[[dict[str, Any]], Any]]) -> None:
        self.handlers = handlers

    def invoke(self, FunctionName: str, Payload: bytes, **_: Any) -> dict[str, Any]:
        handler = self.handlers[FunctionName]
        try:
            answer, failed = handler(json.loads(Payload)), False
        except Exception as error:
            kind = getattr(error, "error_type", type(error).__name__)
            answer, failed = {"errorType": kind, "errorMessage": str(error)}, True
        body = io.BytesIO(json.dumps(answer).encode())
        response = {"StatusCode": 200, "Payload": body, "ExecutedVersion": "1"}
        return response | ({"FunctionError": "Unhandled"} if failed else {})


@contextmanager
def interpreter(
    handlers: dict[str, Any], faults: Faults, edges: dict[str, Callable[..., Any]] | None = None
) -> Iterator[None]:
    """Patch moto's interpreter for the time of one test.

    An edge answers a service's requests where they would go out to the network (`before-send`).
    """
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

    from lab.engine.asl_corrections import apply

    apply()
    undo: list[tuple[Any, str, Any]] = []

    def patch(target: Any, name: str, value: Any) -> None:
        undo.append((target, name, getattr(target, name)))
        setattr(target, name, value)

    def struck(original: Callable[..., Any]) -> Callable[..., Any]:
        def evaluate(self: Any, env: Any, *args: Any, **kwargs: Any) -> Any:
            state = env.states.context_object.context_object_data["State"]["Name"]
            try:
                faults.strike(state)
            except FunctionFailed as error:
                detail = {"errorType": error.error_type, "errorMessage": str(error)}
                raise lambda_eval_utils.LambdaFunctionErrorException(
                    "Unhandled", json.dumps(detail)
                ) from error
            return original(self, env, *args, **kwargs)

        return evaluate

    for service in (
        ddb.StateTaskServiceDynamoDB,
        lam.StateTaskServiceLambda,
        sns.StateTaskServiceSns,
        sdk.StateTaskServiceAwsSdk,
        sfn.StateTaskServiceSfn,
    ):
        patch(service, "_eval_service_task", struck(service._eval_service_task))
    patch(lambda_eval_utils, "boto_client_for", lambda **_: InProcessLambda(handlers))

    @cache
    def kept_client(region: str, service: str) -> Any:
        once = Config(retries={"total_max_attempts": 1})
        found = boto3.client(service, region_name=region, config=once)
        if edges and service in edges:
            found.meta.events.register_first("before-send", edges[service])
        return found

    for module in (ddb, sns, sdk, sfn):
        patch(
            module,
            "boto_client_for",
            lambda region, service, **_: kept_client(region, service),
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
        "ProvisionedConcurrency": "0",
        "Approval": "none",
        "ApprovalSeconds": "300",
        "CapacityMachine": CAPACITY_MACHINE,
        "SwitchoverMachine": SWITCHOVER_MACHINE,
        "DrainSeconds": "60",
        **{f"{name}Function": function_arn(name) for name in FUNCTIONS + MOVE_FUNCTIONS},
        **overrides,
    }
    text = path.read_text()
    for key, value in values.items():
        text = text.replace(f"${{{key}}}", value)
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


class Machine:
    """One deployed failover machine with its tables and its topic."""

    def __init__(self, faults: Faults, functions: InProcessLambda) -> None:
        self.faults, self.functions = faults, functions
        client = lambda name: boto3.client(name, region_name=SECONDARY)  # noqa: E731
        self.dynamodb, self.sfn, self.sns, self.sqs = map(
            client, ("dynamodb", "stepfunctions", "sns", "sqs")
        )
        for table in (CONTROL, RECOVERIES):
            self.dynamodb.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            )
        key = [{"AttributeName": n, "KeyType": k} for n, k in (("pk", "HASH"), ("sk", "RANGE"))]
        self.dynamodb.create_table(
            TableName=ITEMS,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
            KeySchema=key,
        )
        self.topic = self.sns.create_topic(Name="pilot-light-recovery")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="inbox")["QueueUrl"]
        queue_arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=queue_arn)
        self.arn = self.deploy(definition(Topic=self.topic))
        self.seed()

    def deploy(self, text: str, name: str = "pilot-light-failover") -> str:
        role = f"arn:aws:iam::{ACCOUNT}:role/failover"
        return self.sfn.create_state_machine(name=name, roleArn=role, definition=text)[
            "stateMachineArn"
        ]

    # --- data ------------------------------------------------------------------------------------
    def seed(self, active_region: str = PRIMARY, epoch: int = 1) -> None:
        item = {
            "pk": {"S": "control"},
            "active_region": {"S": active_region},
            "epoch": {"N": str(epoch)},
            "state": {"S": "serving"},
            "changed_by": {"S": "seed"},
        }
        self.dynamodb.put_item(TableName=CONTROL, Item=item)

    def item(self, table: str, pk: str) -> dict[str, Any]:
        return self.dynamodb.get_item(TableName=table, Key={"pk": {"S": pk}}).get("Item", {})

    def active(self) -> tuple[str, int]:
        item = self.item(CONTROL, "control")
        return item["active_region"]["S"], int(item["epoch"]["N"])

    def lock(self) -> dict[str, Any]:
        return self.item(RECOVERIES, "lock")

    def record(self, epoch: int) -> dict[str, Any]:
        return self.item(RECOVERIES, f"recovery#{epoch}")

    def rows(self, table: str) -> list[str]:
        return sorted(i["pk"]["S"] for i in self.dynamodb.scan(TableName=table)["Items"])

    def notices(self) -> list[tuple[str, str]]:
        """Drain the inbox: (event, message) in order."""
        found = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                body = json.loads(message["Body"])
                found.append((body["MessageAttributes"]["event"]["Value"], body["Message"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    # --- executions ------------------------------------------------------------------------------
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
        until = time.monotonic() + seconds
        while (found := self.sfn.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < until, f"still running in {self.states(arn)[-1:]}"
            time.sleep(0.01)
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
        events = self.sfn.get_execution_history(executionArn=arn, maxResults=1000)["events"]
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


def states_of(machine: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """All states by name, those of branches and item processors included."""
    found = dict(machine["States"])
    for state in machine["States"].values():
        for inner in [*state.get("Branches", []), state.get("ItemProcessor", {"States": {}})]:
            found |= states_of(inner)
    return found


def all_states(path: Path = DEFINITION) -> set[str]:
    """Names of all states, those of the branches included."""
    return set(states_of(json.loads(path.read_text())))


def all_tasks(path: Path = DEFINITION) -> set[str]:
    """Names of all Task states."""
    found = states_of(json.loads(path.read_text()))
    return {name for name, state in found.items() if state["Type"] == "Task"}
