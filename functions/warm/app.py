"""Warm: forces execution environments into being before users need them, and proves them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client import timestamps
from pilot_light_client.settings import variable
from pilotlight.shared.aws_clients import PINGING, RECOVERY_STEP
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import declared
from pilotlight.warming.pings import listed, warm
from pilotlight.warming.waves import batches, name, summary

logger, tracer = Logger(), Tracer()
# No wave begins later than this after the plan. Users are waiting, and cold functions serve too.
BUDGET = timedelta(seconds=4)
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
WARM_CONCURRENCY = variable("WARM_CONCURRENCY", int)
APP_FUNCTIONS = variable("APP_FUNCTIONS", declared)
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
LAMBDA = boto3.client("lambda", config=PINGING)


def targets() -> list[str]:
    """Return the functions that the contract names and those that are listed, each once."""
    functions = [*listed(DYNAMODB, RECOVERIES_TABLE), *APP_FUNCTIONS]
    return list({name(function): function for function in functions}.values())


def plan() -> dict[str, Any]:
    """Return batches of places in the list of targets. No name is in them: they stay small."""
    now, count = datetime.now(UTC), len(targets())
    until = timestamps.text(now + BUDGET)
    planned = [{**batch, "until": until} for batch in batches(count, WARM_CONCURRENCY)]
    return {"asked_at": timestamps.text(now), "functions": count, "batches": planned}


def ping_batch(batch: dict[str, Any]) -> dict[str, Any]:
    """Warm the functions of one batch, and return how many environments were proven."""
    functions = targets()[batch["from"] : batch["to"]]
    until = timestamps.parse(batch["until"])
    return summary(warm(LAMBDA, functions, WARM_CONCURRENCY, until), batch["show"])


@recovery_step(logger, tracer)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Return the plan, or what warming one of its batches proved."""
    step = event.get("step")
    if step not in ("plan", "ping"):
        raise ValueError(f"The step {step!r} is none of plan, ping.")
    result = plan() if step == "plan" else ping_batch(event["batch"])
    done = "Warm pings planned" if step == "plan" else "Execution environments pinged"
    logger.info(done, extra={"result": result})
    return result
