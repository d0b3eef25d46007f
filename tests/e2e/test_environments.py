"""Execution environments of a real engine: how long they last, and when they are cold."""

from __future__ import annotations

import io
import json
import shutil
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from lab.control import Control
from tests.e2e.engines import engine

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e
CODE = """
import time

calls = []

def handler(event, context):
    calls.append(event)
    end = time.process_time() + event.get("cpu", 0)
    while time.process_time() < end:
        pass
    if event.get("raise"):
        raise KeyError("as asked")
    return len(calls)
"""


NODE_CODE = """
let calls = 0;
class OutOfStock extends Error { name = "OutOfStock" }
export const handler = async (event, context) => {
  calls += 1;
  console.log("call", calls);
  if (event.raise) throw new OutOfStock("as asked");
  if (event.reject) Promise.reject(new Error("unseen"));
  if (event.seconds) await new Promise((done) => setTimeout(done, event.seconds * 1000));
  return { calls, key: process.env.AWS_ACCESS_KEY_ID, id: context.awsRequestId };
};
"""
needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="Node.js is not on this machine"
)


class Functions:
    """Functions of one Region of an engine."""

    def __init__(self, control: Control, region: str) -> None:
        self.control, self.region = control, region
        self._lambda = control.client("lambda", region)
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam = control.client("iam", region)
        role = iam.create_role(RoleName="functions", AssumeRolePolicyDocument=document)
        self._role = role["Role"]["Arn"]

    def make(
        self,
        name: str,
        memory: int = 1769,
        runtime: str = "python3.13",
        timeout: int = 3,
        **files: str,
    ) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.mjs", NODE_CODE)
            for module, text in {"app": CODE, **files}.items():
                archive.writestr(f"{module}.py", text)
        self._lambda.create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=self._role,
            Handler="app.handler",
            Code={"ZipFile": packed.getvalue()},
            MemorySize=memory,
            Timeout=timeout,
        )

    def call(self, name: str, **event: Any) -> Any:
        answer = self._lambda.invoke(FunctionName=name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    with engine(tmp_path_factory.mktemp("engine")) as (config, _):
        yield Functions(Control(config), config.primary_region)


def test_an_environment_outlives_an_exception_which_keeps_its_name(functions: Functions) -> None:
    functions.make("raising")
    failed = functions.call("raising", **{"raise": True})
    assert (failed["errorType"], failed["errorMessage"]) == ("KeyError", "'as asked'")
    assert "app.py" in "".join(failed["stackTrace"])
    assert functions.call("raising") == 2, "the same environment"


def test_a_function_s_own_version_of_a_library_comes_before_the_runtime_s(
    functions: Functions,
) -> None:
    code = "import urllib3, boto3\n\ndef handler(event, context):\n    return urllib3.MINE"
    functions.make("bundling", urllib3="MINE = 'own'", app=code)
    assert functions.call("bundling") == "own"


def test_the_first_call_of_a_cold_environment_waits_for_imports_and_for_its_share_of_a_vcpu(
    functions: Functions,
) -> None:
    def seconds(name: str) -> float:
        began = time.monotonic()
        functions.call(name, cpu=0.2)
        return time.monotonic() - began

    functions.control.act("cold_starts", on=True)
    functions.make("cold", memory=442)
    first, second = seconds("cold"), seconds("cold")
    # A quarter of a vCPU: 0.2 s of it take 0.8 s.
    assert first > second + 0.6
    functions.control.act("cold_starts", on=False)
    functions.make("warm", memory=442)
    assert seconds("warm") < first


@needs_node
def test_an_error_of_node_js_has_lambda_s_shape_and_its_environment_stays(
    functions: Functions,
) -> None:
    functions.make("node-raising", runtime="nodejs22.x")
    failed = functions.call("node-raising", **{"raise": True})
    trace = failed.pop("trace")
    assert failed == {"errorType": "OutOfStock", "errorMessage": "as asked"}
    assert trace[0] == "OutOfStock: as asked"
    assert "app.mjs" in trace[1]
    assert functions.call("node-raising")["calls"] == 2, "the same environment"


@needs_node
def test_what_kills_a_node_js_environment_is_reported_and_the_next_call_has_a_new_one(
    functions: Functions,
) -> None:
    functions.make("node-killed", runtime="nodejs22.x", timeout=1)
    assert functions.call("node-killed")["calls"] == 1
    rejected = functions.call("node-killed", reject=True, seconds=0.5)
    assert rejected["errorType"] == "Runtime.UnhandledPromiseRejection"
    assert functions.call("node-killed")["calls"] == 1
    late = functions.call("node-killed", seconds=5)
    assert (late["errorType"], "timed out after 1" in late["errorMessage"]) == (
        "Sandbox.Timedout",
        True,
    )
    assert functions.call("node-killed")["calls"] == 1


@needs_node
def test_a_node_js_function_runs_as_its_role_which_has_to_allow_its_log_group(
    functions: Functions,
) -> None:
    functions.make("node-logging", runtime="nodejs22.x")
    assert functions.call("node-logging")["key"].startswith("ASIA")
    logs = functions.control.client("logs", functions.region)
    group = {"logGroupName": "/aws/lambda/node-logging"}
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.describe_log_streams(**group)
    functions.control.client("iam", functions.region).attach_role_policy(
        RoleName="functions",
        PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    )
    answer = functions.call("node-logging")
    (stream,) = logs.describe_log_streams(**group)["logStreams"]
    events = logs.get_log_events(**group, logStreamName=stream["logStreamName"])["events"]
    (line,) = [e["message"] for e in events if "call 2" in e["message"]]
    assert line.split("\t")[1:] == [answer["id"], "INFO", "call 2"]
