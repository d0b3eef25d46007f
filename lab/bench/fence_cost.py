"""What the fence adds to a write: the app's own handler, with and without it, side by side.

Run in a process of its own, on the function and layer as they were built:
`python -m lab.bench.fence_cost ROUNDS FUNCTION_DIR LAYER_DIR`. Prints milliseconds as JSON.

The handler, boto3 and its parsing are real. DynamoDB answers from memory, at once, so that what is
left is the fence's own work: with a warm cache its clocks, its verdict and its checks of age. Once
a second it reads the control item strongly; what that adds is measured too, and on AWS DynamoDB's
own milliseconds come to it, a round trip to the nearest other Region among them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from lab.config import LabError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REGION, EPOCH = "us-west-2", 1
ROUNDS, WARM_UP = 1500, 100
ENVIRONMENT = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    "PRIMARY_REGION": REGION,
    "SECONDARY_REGION": "us-east-2",
    "ZONE_NAME": "pilotlight.example",
    "PUBLIC_NAME": "app.pilotlight.example",
    "ITEMS_TABLE": "pilot-light-items",
    "CONTROL_TABLE": "pilot-light-control-quorum",
    "LAST_RESORT_TABLE": "pilot-light-last-resort",
    "FENCE_SECONDS": "3",
    "WITHOUT_QUORUM": "refuse",
    "RELEASE": "bench",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "app",
    "POWERTOOLS_METRICS_NAMESPACE": "PilotLight",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    "AWS_LAMBDA_FUNCTION_NAME": "app",
    "HEARTBEAT_SECONDS": "20",
}
EVENT = {
    "version": "2.0",
    "rawPath": "/items/bench",
    "headers": {"content-type": "application/json"},
    "body": json.dumps({"text": "What the fence adds"}),
    "isBase64Encoded": False,
    "requestContext": {"http": {"method": "PUT"}, "requestId": "bench", "stage": "$default"},
}


class FenceNotMeasured(LabError):
    """The process that measures the fence did not end well."""


def run(function: Path, layer: Path, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure the app's function in a process of its own.

    Raises
    ------
    FenceNotMeasured
        It ended with an error, the last line of which is told.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "POWERTOOLS_"))}
    ended = subprocess.run(
        [sys.executable, "-m", "lab.bench.fence_cost", str(rounds), str(function), str(layer)],
        env={**kept, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        said = ended.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise FenceNotMeasured(f"The fence could not be measured: {said[0]}")
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def summary(fenced: list[float], unread: list[float], bare: list[float]) -> dict[str, Any]:
    """Return percentiles in milliseconds: with the fence, with it and a read, and without it.

    What is added is the median difference between neighbours, which share the machine's load.
    """

    def spread(values: list[float]) -> dict[str, float]:
        cuts = statistics.quantiles(values, n=100, method="inclusive")
        return {"p50": round(cuts[49], 4), "p99": round(cuts[98], 4)}

    def added(values: list[float]) -> float:
        return spread([a - b for a, b in zip(values, bare, strict=True)])["p50"]

    with_fence, without = spread(fenced), spread(bare)
    return {
        "rounds": len(bare),
        "with_fence_ms": with_fence,
        "without_fence_ms": without,
        "added_p50_ms": added(fenced),
        "added_with_read_p50_ms": added(unread),
        "ratio_p50": round(with_fence["p50"] / without["p50"], 4),
    }


def _answers(request: Any, **_: Any) -> Any:
    """Answer as DynamoDB does: what the fence reads is there, the written item not, writes go."""
    from botocore.awsrequest import AWSResponse, HeadersDict
    from pilotlight.control.item import CONTROL_KEY, seed_item

    operation = request.headers["X-Amz-Target"].decode().rsplit(".", 1)[-1]
    asked = json.loads(request.body)
    body: dict[str, Any] = {}
    if operation == "GetItem" and asked["Key"].get("pk") == {"S": CONTROL_KEY}:
        body = {"Item": seed_item(REGION, "2026-01-01T00:00:00Z", EPOCH)}
    data = json.dumps(body).encode()
    headers: Any = HeadersDict({"content-type": "application/x-amz-json-1.0"})

    class Raw:
        @staticmethod
        def stream(**_: Any) -> Any:
            yield data

    return AWSResponse(request.url, 200, headers, Raw())


def _measured(rounds: int) -> dict[str, Any]:
    from pilotlight.control.fence import Permit
    from pilotlight.shared import aws_clients

    spec = importlib.util.find_spec("app")
    if spec is None or spec.loader is None:
        raise ImportError("There is no app.py in the function's folder.")
    app: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    for made in (aws_clients.client, aws_clients.prompt_client, aws_clients.client_in_passing):
        made("dynamodb").meta.events.register("before-send.dynamodb.*", _answers)
    service = app.items()
    fenced, fence = service.write, service._fence
    if "_read" not in vars(fence):
        raise AttributeError("The fence does not keep its read as this measurement knows it.")
    decision, _ = fence.decide(forwarded=False)
    free = Permit(fence.lease_seconds, None, fence._clock)

    def unread(request: Any) -> Any:
        fence._read = None
        return fenced(request)

    def bare(request: Any) -> Any:
        return service._write(request, decision, free)

    ways = (fenced, unread, bare)
    took: list[list[float]] = [[], [], []]
    for i in range(WARM_UP + rounds):
        # Each comes first in turn, so that none profits from the others' caches.
        for way in ((i + k) % len(ways) for k in range(len(ways))):
            service.write = ways[way]
            seconds = _timed(app.lambda_handler)
            if i >= WARM_UP:
                took[way].append(seconds * 1000)
    return summary(*took)


class _Context:
    """What Lambda hands over beside the event."""

    function_name = aws_request_id = "bench"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-west-2:000000000000:function:pilot-light-app:live"


def _timed(handler: Callable[[Any, Any], Any]) -> float:
    begun = time.perf_counter()
    answer = handler(EVENT, _Context())
    seconds = time.perf_counter() - begun
    if answer["statusCode"] != 200:
        raise RuntimeError(f"The write was answered with {answer['statusCode']}: {answer['body']}")
    return seconds


def main() -> None:
    """Measure, with the rounds, the function's folder and the layer's as arguments."""
    sys.path[:0] = sys.argv[2:]
    # The handler prints its metrics as log lines; the figures alone go to standard output.
    with contextlib.redirect_stdout(io.StringIO()):
        found = _measured(int(sys.argv[1]))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
