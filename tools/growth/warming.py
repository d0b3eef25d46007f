"""Warming before a promotion: the real waves, of functions that have no environment yet.

The batches run on threads and wait in fact. On AWS a state machine runs all of them at once, each
in an environment of its own; here a few run at a time, and the slowest one counts.
"""

from __future__ import annotations

import io
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from pilotlight.warming.pings import warm
from pilotlight.warming.waves import batches

from tools.growth.assumed import COLD_START, PING
from tools.reader.template import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_lambda import LambdaClient
    from pilotlight.warming.waves import Warmed

AT_A_TIME = 8
# No wave begins later after the plan.
BUDGET = timedelta(seconds=4)


@dataclass(frozen=True)
class Warming:
    """So many functions, warmed at once: what it took, and what was proven."""

    functions: int
    requested: int
    batches: int
    waves: int
    invocations: int
    environments: int
    seconds: float


class Cold:
    """Functions whose environments come into being when no other is free."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._free: dict[str, list[str]] = {}
        self._made: Counter[str] = Counter()
        self.invocations = 0

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        """Answer a ping, held for as long as it asks."""
        held = json.loads(Payload)["pilot_light"]["warm"]["hold_ms"] / 1000
        with self._lock:
            self.invocations += 1
            free = self._free.setdefault(FunctionName, [])
            cold = not free
            if cold:
                self._made[FunctionName] += 1
            environment = f"{self._made[FunctionName]}" if cold else free.pop()
        time.sleep((COLD_START if cold else 0.0) + PING + held)
        with self._lock:
            free.append(environment)
        return {"Payload": io.BytesIO(json.dumps({"environment": environment}).encode())}


def warmed(functions: int) -> Warming:
    """Warm so many functions, as the template asks."""
    requested = int(float(load("secondary").parameters["WarmConcurrency"]))
    client, names = Cold(), [f"function-{n:04}:live" for n in range(functions)]
    planned = batches(functions, requested)

    def one(batch: dict[str, int]) -> tuple[Sequence[Warmed], float]:
        begun, part = time.monotonic(), names[batch["from"] : batch["to"]]
        found = warm(cast("LambdaClient", client), part, requested, datetime.now(UTC) + BUDGET)
        return found, time.monotonic() - begun

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        done = list(pool.map(one, planned))
    every = [each for found, _ in done for each in found]
    return Warming(
        functions=functions,
        requested=functions * requested,
        batches=len(planned),
        waves=max(each.waves for each in every),
        invocations=client.invocations,
        environments=sum(each.environments for each in every),
        seconds=max(seconds for _, seconds in done),
    )
