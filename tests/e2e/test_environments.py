"""Execution environments of a real engine: how long they last, and when they are cold."""

from __future__ import annotations

import io
import json
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


class Functions:
    """Functions of one Region of an engine."""

    def __init__(self, control: Control, region: str) -> None:
        self.control = control
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

    def make(self, name: str, memory: int = 1769) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", CODE)
        self._lambda.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=self._role,
            Handler="app.handler",
            Code={"ZipFile": packed.getvalue()},
            MemorySize=memory,
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
