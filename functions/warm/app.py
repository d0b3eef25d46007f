"""Warm: forces execution environments into being before users need them.

What pings start is proven. Paths are requested for functions that answer no pings.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client import timestamps
from pilot_light_client.settings import variable
from pilotlight.shared.aws_clients import PINGING, RECOVERY_STEP
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, declared
from pilotlight.warming.paths import is_path
from pilotlight.warming.pings import listed
from pilotlight.warming.requests import warm_all
from pilotlight.warming.waves import batches, name

logger = Logger()
# No wave begins later than this after the plan. Users are waiting, and cold functions serve too.
BUDGET = timedelta(seconds=4)
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
WARM_CONCURRENCY = variable("WARM_CONCURRENCY", int)
APP_FUNCTIONS = variable("APP_FUNCTIONS", declared)
WARM_PATHS = variable("WARM_PATHS", declared)
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
LAMBDA = boto3.client("lambda", config=PINGING)


def targets() -> list[str]:
    """Return what the contract names and the functions that are listed, each once."""
    found = [*listed(DYNAMODB, RECOVERIES_TABLE), *APP_FUNCTIONS, *WARM_PATHS]
    return list({name(target): target for target in found}.values())


def plan() -> dict[str, Any]:
    """Return batches of places in the list of targets. No name is in them: they stay small."""
    now, found = datetime.now(UTC), targets()
    until = timestamps.text(now + BUDGET)
    planned = [{**batch, "until": until} for batch in batches(len(found), WARM_CONCURRENCY)]
    paths = sum(map(is_path, found))
    counts = {"functions": len(found) - paths, "paths": paths}
    return {"asked_at": timestamps.text(now), **counts, "batches": planned}


def ping_batch(batch: dict[str, Any]) -> dict[str, Any]:
    """Warm one batch, and return the environments proven and the requests answered."""
    batch_targets = targets()[batch["from"] : batch["to"]]
    host, until = DEPLOYMENT.region_name(DEPLOYMENT.region), timestamps.parse(batch["until"])
    return warm_all(LAMBDA, host, batch_targets, WARM_CONCURRENCY, until, batch["show"])


@recovery_step(logger)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Return the plan, or what warming one of its batches proved."""
    step = event.get("step")
    if step not in ("plan", "ping"):
        raise ValueError(f"The step {step!r} is none of plan, ping.")
    result = plan() if step == "plan" else ping_batch(event["batch"])
    done = "Warming planned" if step == "plan" else "Functions pinged and paths requested"
    logger.info(done, extra={"result": result})
    return result
