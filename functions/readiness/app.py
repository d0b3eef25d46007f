"""Readiness: tries whether the Secondary can serve, on data planes only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.aws_clients import best_effort_client
from pilot_light_client.heartbeat_table import Heartbeats
from pilot_light_client.settings import variable
from pilotlight.control.assembly import control_table
from pilotlight.readiness import checks, conformance
from pilotlight.readiness.recorded_signals import recorded_signals
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment

logger = Logger()
DEPLOYMENT = Deployment.from_environment()
BUCKET = variable("BUCKET")
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
SWITCH_FUNCTION = variable("SWITCH_FUNCTION")
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
LAMBDA = boto3.client("lambda", config=RECOVERY_STEP)
S3 = boto3.client("s3", config=RECOVERY_STEP)
best_effort_client()


@recovery_step(logger)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Return the verdict `ready` or `not_ready`, with every check, and what others recorded."""
    listed = checks.secondary_checks(
        DEPLOYMENT,
        control_table(DEPLOYMENT),
        (DYNAMODB, LAMBDA, S3),
        recoveries_table=RECOVERIES_TABLE,
        bucket=BUCKET,
        switch_function=SWITCH_FUNCTION,
    )
    application = DEPLOYMENT, control_table(DEPLOYMENT), DYNAMODB
    heartbeats = Heartbeats(DYNAMODB, DEPLOYMENT.journal_table)
    recorded = heartbeats, DYNAMODB, RECOVERIES_TABLE, DEPLOYMENT.primary_region
    with ThreadPoolExecutor(2) as pool:
        signals = pool.submit(recorded_signals, *recorded)
        rehearses = event.get("mode") == "rehearsal"
        tried = pool.submit(conformance.run, *application) if rehearses else None
        result = checks.run_all(listed) | signals.result()
        result |= {"conformance": {"checks": tried.result()}} if tried else {}
    logger.info("Readiness checked", extra={"evidence": result})
    return result
