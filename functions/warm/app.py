"""Warm: forces execution environments into being before users need them, and proves them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import client
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import required
from pilotlight.warming.pings import listed, ping_client, warm
from pilotlight.warming.waves import batches, name, summary

logger, tracer = Logger(), Tracer()
NEEDS = ("RECOVERIES_TABLE", "WARM_CONCURRENCY", "WARM_TARGETS")
# No wave begins later than this after the plan. Users are waiting, and cold functions serve too.
BUDGET = timedelta(seconds=4)


def targets() -> list[str]:
    """Return the app's own functions and those that are listed, each once."""
    own = required("WARM_TARGETS").split(",")
    more = listed(client("dynamodb"), required("RECOVERIES_TABLE"))
    return list({name(function): function for function in [*more, *own]}.values())


def plan() -> dict[str, Any]:
    """Share the work out. A batch names places in the list, so that its size says nothing here."""
    now, count, wanted = datetime.now(UTC), len(targets()), int(required("WARM_CONCURRENCY"))
    until = timestamps.text(now + BUDGET)
    shared = [{**batch, "until": until} for batch in batches(count, wanted)]
    return {"asked_at": timestamps.text(now), "functions": count, "batches": shared}


def ping_batch(batch: dict[str, Any]) -> dict[str, Any]:
    """Warm the functions of one batch, and return how many environments were proven."""
    functions = targets()[batch["from"] : batch["to"]]
    wanted, until = int(required("WARM_CONCURRENCY")), timestamps.parse(batch["until"])
    return summary(warm(ping_client(), functions, wanted, until), batch["show"])


@recovery_step(logger, tracer, needs=NEEDS)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the plan, or what warming one of its batches proved."""
    steps = {"plan": plan, "ping": lambda: ping_batch(event["batch"])}
    step = event.get("step")
    if step not in steps:
        raise ValueError(f"The step {step!r} is none of {', '.join(steps)}.")
    found = steps[step]()
    logger.info(
        "Execution environments pinged" if step == "ping" else "Warm pings planned",
        extra={"found": found},
    )
    return found
