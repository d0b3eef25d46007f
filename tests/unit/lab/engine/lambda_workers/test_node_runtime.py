"""What a Node.js function meets in an execution environment of the lab."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.unit.lab.engine.lambda_workers.node_function import ARN, function, needs_node

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_node
ECHO = "export const handler = async (event) => ({ got: event });"
CONTEXT = """
exports.handler = async (event, context) => ({
  id: context.awsRequestId,
  name: context.functionName,
  arn: context.invokedFunctionArn,
  memory: context.memoryLimitInMB,
  left: context.getRemainingTimeInMillis(),
});
"""
FORMS = {
    "an ES module": ("app.mjs", ECHO, "app.handler"),
    "an ES module that awaits": ("app.mjs", f"await Promise.resolve(); {ECHO}", "app.handler"),
    "CommonJS": ("app.cjs", "exports.handler = async (event) => ({ got: event });", "app.handler"),
    "a .js without a package": (
        "app.js",
        "module.exports.handler = async (event) => ({ got: event });",
        "app.handler",
    ),
    "a folder and an object": (
        "src/app.js",
        "exports.api = { run: async (event) => ({ got: event }) };",
        "src/app.api.run",
    ),
    "a callback": (
        "app.js",
        "exports.handler = (event, context, callback) => callback(null, { got: event });",
        "app.handler",
    ),
    "a callback later": (
        "app.js",
        "exports.handler = (event, _, done) => setTimeout(() => done(null, { got: event }), 5);",
        "app.handler",
    ),
    "context.succeed": (
        "app.js",
        "exports.handler = (event, context) => context.succeed({ got: event });",
        "app.handler",
    ),
}


@pytest.mark.parametrize(("name", "text", "handler"), FORMS.values(), ids=FORMS)
def test_a_handler_may_have_any_of_lambda_s_forms(
    tmp_path: Path, name: str, text: str, handler: str
) -> None:
    with function(tmp_path, {name: text}, handler) as running:
        for number in (1, 2):
            assert running.invoke({"n": number}) == {
                "status": "ok",
                "result": {"got": {"n": number}},
            }


def test_a_package_of_type_module_makes_js_files_es_modules(tmp_path: Path) -> None:
    files = {"package.json": '{"type": "module"}', "app.js": ECHO}
    with function(tmp_path, files) as running:
        assert running.invoke("x")["result"] == {"got": "x"}


def test_the_context_has_the_invocation_s_id_the_function_and_the_time_that_is_left(
    tmp_path: Path,
) -> None:
    with function(tmp_path, {"app.js": CONTEXT}) as running:
        running.invoke()
        found = running.invoke(request="r-2", timeout=2500)["result"]
    left = found.pop("left")
    assert found == {"id": "r-2", "name": "orders", "arn": ARN, "memory": "512"}
    assert 1500 < left <= 2500


def test_an_error_is_reported_with_its_class_and_stack_and_the_environment_stays(
    tmp_path: Path,
) -> None:
    code = """
    let calls = 0;
    class OutOfStock extends Error { name = "OutOfStock" }
    export const handler = async (event) => {
      calls += 1;
      if (event === "raise") throw new OutOfStock("no tea");
      if (event === "text") throw "only text";
      return calls;
    };
    """
    with function(tmp_path, {"app.mjs": code}) as running:
        failed = running.invoke("raise")
        assert (failed["status"], failed["raised"], failed["error"]) == (
            "ok",
            "OutOfStock",
            "no tea",
        )
        assert failed["trace"].startswith("OutOfStock: no tea\n    at ")
        assert running.invoke("text")["raised"] == "string"
        assert running.invoke() == {"status": "ok", "result": 3}


@pytest.mark.parametrize(
    "style", ["callback(new TypeError('x'))", "context.fail(new TypeError('x'))"]
)
def test_an_error_by_callback_is_an_error_too(tmp_path: Path, style: str) -> None:
    code = f"exports.handler = (event, context, callback) => {{ {style} }};"
    with function(tmp_path, {"app.js": code}) as running:
        assert running.invoke()["raised"] == "TypeError"


LATER = """
exports.handler = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = event.waits;
  const began = Date.now();
  setTimeout(() => { globalThis.ended = Date.now() - began }, 300);
  callback(null, { ended: globalThis.ended ?? null });
};
"""


def test_a_callback_s_answer_waits_for_the_event_loop_unless_the_handler_declines(
    tmp_path: Path,
) -> None:
    with function(tmp_path, {"app.js": LATER}) as running:
        began = time.monotonic()
        running.invoke({"waits": False})
        assert time.monotonic() - began < 0.25
        running.invoke({"waits": True})
        assert time.monotonic() - began > 0.29


def test_between_invocations_an_environment_stands_still(tmp_path: Path) -> None:
    code = """
    let ticks = 0;
    export const handler = async () => {
      setInterval(() => { ticks += 1 }, 5).unref();
      return ticks;
    };
    """
    with function(tmp_path, {"app.mjs": code}) as running:
        running.invoke()
        time.sleep(0.1)
        assert running.invoke()["result"] <= 2


def test_a_handler_that_leaves_nothing_to_wait_for_and_no_answer_gets_null(tmp_path: Path) -> None:
    code = "exports.handler = (event, context, callback) => { return 'lost' };"
    with function(tmp_path, {"app.js": code}) as running:
        assert running.invoke() == {"status": "ok", "result": None}


@pytest.mark.parametrize(
    ("code", "raised", "error"),
    [
        (
            "setTimeout(() => { throw new RangeError('late') }, 1); await new Promise(() => "
            "setTimeout(() => {}, 500))",
            "RangeError",
            "late",
        ),
        (
            "Promise.reject(new Error('unseen')); await new Promise((r) => setTimeout(r, 500))",
            "Runtime.UnhandledPromiseRejection",
            "Error: unseen",
        ),
        (
            "process.exit(3)",
            "Runtime.ExitError",
            "RequestId: r-1 Error: Runtime exited with error: exit status 3",
        ),
    ],
)
def test_what_kills_a_process_is_reported_as_by_lambda_and_ends_the_environment(
    tmp_path: Path, code: str, raised: str, error: str
) -> None:
    text = f"export const handler = async () => {{ {code} }};"
    with function(tmp_path, {"app.mjs": text}) as running:
        failed = running.invoke()
    assert (failed["status"], failed["raised"], failed["error"]) == ("error", raised, error)


BROKEN = {
    "no module": ({"other.js": ""}, "Runtime.ImportModuleError", "Cannot find module 'app'"),
    "no package": (
        {"app.mjs": "import 'left-pad';"},
        "Runtime.ImportModuleError",
        "Cannot find package 'left-pad'",
    ),
    "no export": ({"app.js": "exports.other = 1;"}, "Runtime.HandlerNotFound", "app.handler is"),
    "syntax": ({"app.js": "const const;"}, "Runtime.UserCodeSyntaxError", "SyntaxError"),
    "a stream": (
        {"app.js": "exports.handler = awslambda.streamifyResponse(async () => {});"},
        "Runtime.NoStreaming",
        "The lab does not stream answers",
    ),
    "its own": ({"app.js": "throw new EvalError('at start');"}, "EvalError", "at start"),
}


@pytest.mark.parametrize(("files", "raised", "error"), BROKEN.values(), ids=BROKEN)
def test_code_that_does_not_load_fails_each_invocation_with_lambda_s_name_for_it(
    tmp_path: Path, files: dict[str, str], raised: str, error: str
) -> None:
    with function(tmp_path, files) as running:
        failed = running.invoke()
    assert (failed["status"], failed["raised"]) == ("error", raised)
    assert error in failed["error"]


def test_a_part_of_the_sdk_that_is_not_there_is_named_with_the_remedy(tmp_path: Path) -> None:
    code = "import { Client } from '@aws-sdk/client-nowhere';"
    with function(tmp_path, {"app.mjs": code}) as running:
        error = running.invoke()["error"]
    assert "npm install --no-save --prefix clients/node @aws-sdk/client-nowhere" in error


@pytest.mark.parametrize(("runtime", "fails"), [("nodejs22.x", False), ("nodejs24.x", True)])
def test_callbacks_end_with_node_js_22(tmp_path: Path, runtime: str, fails: bool) -> None:
    code = "exports.handler = (event, context, callback) => callback(null, 1);"
    with function(tmp_path, {"app.js": code}, runtime=runtime) as running:
        found = running.invoke()
    assert (found.get("raised") == "Runtime.CallbackHandlerDeprecated") is fails


def test_whatever_a_function_prints_is_its_log_and_never_its_answer(tmp_path: Path) -> None:
    code = """
    import fs from "node:fs";
    import { execFileSync } from "node:child_process";
    export const handler = async () => {
      console.log("hello %s", "you");
      console.error(new Error("seen"));
      process.stdout.write('{"status": "ok", "result": "forged"}\\n');
      fs.writeSync(1, '{"status": "ok", "result": "forged too"}\\n');
      execFileSync("echo", ["from a child"], { stdio: "inherit" });
      return "real";
    };
    """
    with function(tmp_path, {"app.mjs": code}) as running:
        assert running.invoke(request="r-7")["result"] == "real"
        log = running.log().splitlines()
    time_of, request, level, text = log[0].split("\t")
    assert time_of.endswith("Z")
    assert (request, level, text) == ("r-7", "INFO", "hello you")
    assert log[1].split("\t")[2:] == ["ERROR", "Error: seen"]
    assert [line for line in log if "forged" in line or "child" in line] == [
        '{"status": "ok", "result": "forged"}',
        '{"status": "ok", "result": "forged too"}',
        "from a child",
    ]


def test_a_large_event_and_a_large_answer_pass(tmp_path: Path) -> None:
    with function(tmp_path, {"app.mjs": ECHO}) as running:
        text = "ä€" * 500_000
        assert running.invoke(text)["result"] == {"got": text}


def test_the_first_invocation_of_a_cold_environment_is_slower_by_its_cpu_time(
    tmp_path: Path,
) -> None:
    code = """
    export const handler = async () => {
      const used = () => Object.values(process.cpuUsage()).reduce((a, b) => a + b);
      const until = used() + 100_000;
      while (used() < until);
    };
    """
    with function(tmp_path, {"app.mjs": code}, LAB_FIRST_INVOCATION_SLOWER="3") as running:
        began = time.monotonic()
        running.invoke()
        first = time.monotonic() - began
        running.invoke()
        assert first > 0.39
        assert time.monotonic() - began - first < first


def test_functions_see_nothing_of_the_lab_and_nothing_of_python(tmp_path: Path) -> None:
    code = "export const handler = async () => Object.keys(process.env);"
    with function(tmp_path, {"app.mjs": code}, PYTHONPATH="/x", TABLE_NAME="t") as running:
        names = running.invoke()["result"]
    assert "TABLE_NAME" in names
    assert not [name for name in names if name.startswith(("LAB_", "PYTHON"))]


@pytest.mark.parametrize("client", ["fetch", "https"])
def test_no_connection_leaves_for_aws(tmp_path: Path, client: str) -> None:
    code = """
    import https from "node:https";
    const url = "https://dynamodb.us-west-2.amazonaws.com/";
    const ways = {
      fetch: () => fetch(url).catch((error) => { throw error.cause }),
      https: () => new Promise((_, fail) => https.get(url).on("error", fail)),
    };
    export const handler = (way) => ways[way]();
    """
    with function(tmp_path, {"app.mjs": code}) as running:
        assert (
            "is not in the lab: the AWS SDK has to read AWS_ENDPOINT_URL"
            in (running.invoke(client)["error"])
        )


def test_the_environment_ends_with_the_engine(tmp_path: Path) -> None:
    with function(tmp_path, {"app.mjs": ECHO}) as running:
        running.process.stdin.close()
        assert running.process.wait(5) == 0
