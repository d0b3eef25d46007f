"""Warm: forces execution environments of the app into being, by pings that overlap."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight.adapters.clients import client
from pilotlight.adapters.invoke import invoke
from pilotlight.settings import required
from pilotlight.warm_ping import ping

logger, tracer = Logger(), Tracer()
HOLD_MS = 300


def warmed(pool: ThreadPoolExecutor, function: str, concurrency: int) -> dict[str, Any]:
    """Ping one function so many times at once, and count the environments that answered."""
    pings = [
        pool.submit(invoke, client("lambda"), function, ping(HOLD_MS)) for _ in range(concurrency)
    ]
    answers = [p.result()["environment"] for p in pings if p.exception() is None]
    return {
        "function": function.split(":function:")[-1],
        "requested": concurrency,
        "environments": len(set(answers)),
        "failed": concurrency - len(answers),
    }


@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return how many environments of each function answered."""
    concurrency = int(required("WARM_CONCURRENCY"))
    functions = required("WARM_TARGETS").split(",")
    with (
        ThreadPoolExecutor(concurrency * len(functions)) as pings,
        ThreadPoolExecutor(len(functions)) as pool,
    ):
        targets = list(pool.map(lambda f: warmed(pings, f, concurrency), functions))
    ok = all(t["failed"] == 0 for t in targets)
    logger.info("Functions warmed", extra={"targets": targets})
    return {"ok": ok, "targets": targets}
