"""Preflight: inspects both Regions before a planned move, tries the target, and warms it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.settings import variable
from pilotlight.readiness.checks import run_all
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.other_region import client_of, ping_client_of
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, declared
from pilotlight.switchover.preflight import Preflight
from pilotlight.warming import pings
from pilotlight.warming.requests import warm_all
from pilotlight.warming.waves import SHOWN, name

logger = Logger()
# No wave begins later than this. The move waits for it, and cold functions serve too.
BUDGET = timedelta(seconds=6)
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
# By name and alias, which are the same in both Regions.
APP_FUNCTIONS = variable("APP_FUNCTIONS", declared)
WARM_PATHS = variable("WARM_PATHS", declared)
WARM_CONCURRENCY = variable("WARM_CONCURRENCY", int)
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)


def try_target(move: Preflight) -> dict[str, Any]:
    """Return the verdict `ready` or `not_ready` over the target, with every check."""
    return run_all(move.target_checks())


def warm(move: Preflight) -> dict[str, Any]:
    """Warm functions and paths of the target, and return what is proven and what was answered."""
    listed = pings.listed(DYNAMODB, RECOVERIES_TABLE)
    functions = list(dict.fromkeys(map(name, [*listed, *APP_FUNCTIONS])))
    client, until = ping_client_of(move.target), datetime.now(UTC) + BUDGET
    host = DEPLOYMENT.region_name(move.target)
    found = warm_all(client, host, [*functions, *WARM_PATHS], WARM_CONCURRENCY, until, SHOWN)
    return {**found, "planned": len(functions), "planned_paths": len(WARM_PATHS)}


STEPS = {"look": Preflight.look, "target": try_target, "warm": warm}


@recovery_step(logger)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Do the step `look`, `target` or `warm` of a move from `source` to `target`."""
    step = event.get("step")
    if step not in (*STEPS, "handed_over"):
        raise ValueError(f"The step {step!r} is none of {', '.join(STEPS)}, handed_over.")
    source: Any = event.get("source")
    target: Any = event.get("target")
    move = Preflight(DEPLOYMENT, source, target, client_of, RECOVERIES_TABLE)
    result = STEPS[step](move) if step in STEPS else move.handed_over(int(event["epoch"]))
    logger.info("Preflight step done", extra={"step": step, "result": result})
    return result
