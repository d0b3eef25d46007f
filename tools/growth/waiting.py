"""Clients whose network is the engine, and a clock of measured work and assumed waiting.

The clients are boto3's own: what they do to write a request and to read an answer is our functions'
work, and is measured. Only the network is not there. A request waits for as long as is assumed, on
the clock and not in fact.
"""

from __future__ import annotations

import json
import time
import zlib
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSResponse, HeadersDict

from tools.growth.assumed import OWN_REGION, ROUND_TRIP, VCPU_MB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tools.growth.engine import Region


class Clock:
    """Seconds of our code's work on this machine, and assumed seconds of waiting.

    Parameters
    ----------
    start_ms
        What it shows at first, in milliseconds since 1970.
    memory_mb
        Of the function that works: it has as much of a vCPU.
    """

    def __init__(self, start_ms: int, memory_mb: float = VCPU_MB) -> None:
        self._start_ms = start_ms
        self.share = min(memory_mb / VCPU_MB, 1.0)
        self.waited = 0.0
        self._begun = time.process_time()
        self._not_ours = 0.0

    @property
    def worked(self) -> float:
        """Seconds of CPU that our code and its clients of AWS took on this machine."""
        return time.process_time() - self._begun - self._not_ours

    @property
    def seconds(self) -> float:
        """Seconds that all of it takes, with the function's share of a vCPU."""
        return self.waited + self.worked / self.share

    def milliseconds(self) -> int:
        """Return the time, in milliseconds since 1970."""
        return self._start_ms + int(self.seconds * 1000)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave out what is not our code's work."""
        begun = time.process_time()
        try:
            yield
        finally:
            self._not_ours += time.process_time() - begun


def client(region: Region, clock: Clock, *, far: bool = False) -> Any:
    """Return a client of DynamoDB that a Region's tables answer."""
    made: Any = boto3.client(
        "dynamodb",
        region_name="us-east-2",
        aws_access_key_id="-",
        aws_secret_access_key="-",
    )
    seconds = OWN_REGION + (ROUND_TRIP if far else 0.0)

    def answer(request: Any, **_: Any) -> AWSResponse:
        with clock.aside():
            operation = request.headers["X-Amz-Target"].decode().partition(".")[2]
            body = json.dumps(region.ask(operation, json.loads(request.body))).encode()
            headers: Any = HeadersDict({"x-amz-crc32": str(zlib.crc32(body))})
            clock.waited += seconds
            return AWSResponse(request.url, 200, headers, SimpleNamespace(stream=lambda: [body]))

    made.meta.events.register("before-send.dynamodb", answer)
    return made


@contextmanager
def side_by_side(clock: Clock, *modules: str) -> Iterator[None]:
    """Let the threads of some modules wait side by side on the clock. Their work adds up.

    Python lets one thread work at a time, so that only waiting is shared.
    """

    class Pool:
        def __init__(self, workers: int) -> None:
            self._free_at = [clock.waited] * workers

        def __enter__(self) -> Pool:
            return self

        def __exit__(self, *_: object) -> None:
            clock.waited = max(clock.waited, *self._free_at)

        def map(self, function: Callable[[Any], Any], given: Iterable[Any]) -> list[Any]:
            return [self._run(function, each) for each in given]

        def _run(self, function: Callable[[Any], Any], given: Any) -> Any:
            worker = self._free_at.index(min(self._free_at))
            clock.waited = self._free_at[worker]
            result = function(given)
            self._free_at[worker] = clock.waited
            return result

    if not modules:
        yield
        return
    with patch(f"{modules[0]}.ThreadPoolExecutor", Pool), side_by_side(clock, *modules[1:]):
        yield
