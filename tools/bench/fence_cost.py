"""What the fence of each client adds to a write: a handler with and without it, side by side.

In Python it is the example application's own, in Node.js one that puts an item (fence_cost.mjs).
The clients are those of this checkout, the AWS SDKs and their parsing are real. DynamoDB answers
from memory, at once, so that what is left is the fence's own work: its clocks, its verdict and its
checks of age. Once a second the fence reads the control item strongly. What that read adds is
measured too; on AWS DynamoDB's own milliseconds come to it, a round trip to the nearest other
Region among them.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from itertools import cycle, islice, permutations
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from lab.config import LabError
from lab.engine.lambda_workers.node_environments import NODE, SDK
from tools.reader import ROOT
from tools.reader.template import load

if TYPE_CHECKING:
    from collections.abc import Mapping

ROUNDS, WARM_UP = 1500, 100
EVENT = {
    "version": "2.0",
    "rawPath": "/items/bench",
    "headers": {"content-type": "application/json"},
    "body": json.dumps({"text": "What the fence adds"}),
    "isBase64Encoded": False,
    "requestContext": {"http": {"method": "PUT"}, "requestId": "bench", "stage": "$default"},
}
# As the seed makes it.
CONTROL_ITEM = {
    "pk": {"S": "control"},
    "revision": {"N": "1"},
    "epoch": {"N": "1"},
    "state": {"S": "serving"},
    "changed_at": {"S": "2026-01-01T00:00:00Z"},
    "changed_by": {"S": "seed"},
}
CONTEXT = SimpleNamespace(
    function_name="app",
    aws_request_id="bench",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-west-2:000000000000:function:pilot-light-app:live",
)


class FenceNotMeasured(LabError):
    """The process that measures the fence did not end well."""


def every(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure each client. Node.js is left out where it, or the AWS SDK for it, is not installed.

    Raises
    ------
    FenceNotMeasured
        One of them could not be measured.
    """
    python = run(ROOT / "app" / "src", ROOT / "clients" / "python" / "src", rounds=rounds)
    found = [{"client": "Python", **python}]
    if shutil.which(NODE) and (SDK / "@aws-sdk" / "client-dynamodb").is_dir():
        command = [NODE, str(Path(__file__).with_suffix(".mjs")), str(rounds)]
        found.append({"client": "Node.js", **summary(*_printed(command))})
    return found


def run(*places: Path, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure the example application's function in a process of its own.

    Parameters
    ----------
    places
        The folders that hold what it imports: its own first, then its layer.

    Raises
    ------
    FenceNotMeasured
        The process ended with an error. The message has the error's last line.
    """
    command = [sys.executable, "-m", "tools.bench.fence_cost", str(rounds), *map(str, places)]
    figures: dict[str, Any] = _printed(command, _environment())
    return figures


def _printed(command: list[str], environment: Mapping[str, str] | None = None) -> Any:
    """Return the JSON that a process prints in its last line."""
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise FenceNotMeasured(f"The fence could not be measured: {last}")
    return json.loads(ended.stdout.splitlines()[-1])


def _environment() -> dict[str, str]:
    """Return the variables that the template gives the app in the Primary, without AWS's own."""
    stack = load("primary").nested["Example"]
    own = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "POWERTOOLS_"))}
    variables = stack.properties("Function")["Environment"]["Variables"]
    return {k: str(v) for k, v in (own | variables).items()} | {
        "AWS_REGION": stack.region,
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_LAMBDA_FUNCTION_NAME": "app",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    }


def summary(fenced: list[float], unread: list[float], bare: list[float]) -> dict[str, Any]:
    """Return medians in milliseconds, from seconds with the fence, with it and a read, without it.

    What is added is the median difference between neighbours, which share the machine's load.
    `load` is the machine's at the end.
    """

    def added(seconds: list[float]) -> float:
        return round(median(a - b for a, b in zip(seconds, bare, strict=True)) * 1000, 4)

    return {
        "rounds": len(bare),
        "without_fence_p50_ms": round(median(bare) * 1000, 4),
        "added_p50_ms": added(fenced),
        "added_with_read_p50_ms": added(unread),
        "load": round(os.getloadavg()[0], 1),
    }


def _answer(_session: Any, request: Any) -> Any:
    """Answer as DynamoDB does: the control item exists, other items do not, writes succeed."""
    from botocore.awsrequest import AWSResponse, HeadersDict

    key = json.loads(request.body).get("Key", {}).get("pk")
    reads_control = request.headers["X-Amz-Target"].endswith(b".GetItem")
    body: dict[str, Any] = {}
    if reads_control and key == CONTROL_ITEM["pk"]:
        body = {"Item": {**CONTROL_ITEM, "active_region": {"S": os.environ["AWS_REGION"]}}}
    headers: Any = HeadersDict({"content-type": "application/x-amz-json-1.0"})
    raw = SimpleNamespace(stream=lambda: [json.dumps(body).encode()])
    return AWSResponse(request.url, 200, headers, raw)


def _measured(rounds: int) -> dict[str, Any]:
    from pilot_light_client.fence import Permit

    app: Any = importlib.import_module("app")
    service = app.ITEMS
    fenced, fence = service.write, service._fence
    if "_read" not in vars(fence):
        raise AttributeError("The fence does not keep its last read in `_read`.")
    decision, _ = fence.decide(forwarded=False)
    free = Permit(fence.lease_seconds, None, fence._clock)

    def unread(request: Any) -> Any:
        fence._read = None
        return fenced(request)

    def bare(request: Any) -> Any:
        return service._write(request, decision, free)

    ways = (fenced, unread, bare)
    took: list[list[float]] = [[], [], []]
    orders = cycle(permutations(range(len(ways))))
    for order in islice(orders, WARM_UP + rounds):
        # Each follows each other as often, so that none profits from the others' caches.
        for way in order:
            service.write = ways[way]
            begun = time.perf_counter()
            answer = app.lambda_handler(EVENT, CONTEXT)
            took[way].append(time.perf_counter() - begun)
            if answer["statusCode"] != 200:
                raise RuntimeError(f"The write was answered with {answer}")
    return summary(*(seconds[WARM_UP:] for seconds in took))


def main() -> None:
    """Measure, with the rounds and the folders that hold the function's code as arguments."""
    sys.path[:0] = sys.argv[2:]
    # The handler prints its metrics as log lines; the figures alone go to standard output.
    with (
        contextlib.redirect_stdout(io.StringIO()),
        patch("botocore.httpsession.URLLib3Session.send", _answer),
    ):
        figures = _measured(int(sys.argv[1]))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
