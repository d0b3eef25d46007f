"""Readiness: tries whether the Secondary can serve, on data planes only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilotlight.control.assembly import control_table
from pilotlight.readiness.checks import (
    answers,
    canary_item,
    canary_object,
    certificate,
    endpoint,
    quorum,
    run,
)
from pilotlight.readiness.recorded_signals import recorded_signals
from pilotlight.readiness.verdict import evidence
from pilotlight.recoveries import schema
from pilotlight.replication.heartbeat_table import Heartbeats
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import RECOVERY_STEP, best_effort_client
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, variable

if TYPE_CHECKING:
    from pilotlight.readiness.checks import Check

logger, tracer = Logger(), Tracer()
DEPLOYMENT = Deployment.from_environment()
APP_FUNCTION = variable("APP_FUNCTION")
BUCKET = variable("BUCKET")
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
SWITCH_FUNCTION = variable("SWITCH_FUNCTION")
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
LAMBDA = boto3.client("lambda", config=RECOVERY_STEP)
S3 = boto3.client("s3", config=RECOVERY_STEP)
best_effort_client()


def checks() -> list[Check]:
    """List the checks. Advisory: what the app can serve without."""
    region, recoveries = DEPLOYMENT.region, RECOVERIES_TABLE
    pk, host = schema.key(schema.CANARY, region), DEPLOYMENT.region_name(region)
    table, answer = partial(canary_item, DYNAMODB), partial(answers, LAMBDA)
    items_key = {**pk, "sk": {"S": "canary"}}
    bucket = partial(canary_object, S3, BUCKET, f"canary/{region}")
    return [
        ("items_table", True, partial(table, DEPLOYMENT.items_table, items_key)),
        ("control_quorum", True, partial(quorum, control_table(DEPLOYMENT))),
        ("recoveries_table", True, partial(table, recoveries, pk)),
        ("app_function", True, partial(answer, APP_FUNCTION, "/health")),
        ("switch_function", True, partial(answer, SWITCH_FUNCTION, "/switch/off")),
        ("endpoint", True, partial(endpoint, host)),
        ("certificate", False, partial(certificate, host, days=7)),
        ("bucket", False, bucket),
    ]


@recovery_step(logger, tracer)
def lambda_handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Return the verdict `ready` or `not_ready`, with every check, and what others recorded."""
    listed, heartbeats = checks(), Heartbeats(DYNAMODB, DEPLOYMENT.items_table)
    recorded = heartbeats, DYNAMODB, RECOVERIES_TABLE, DEPLOYMENT.primary_region
    with ThreadPoolExecutor(len(listed) + 1) as pool:
        signals = pool.submit(recorded_signals, *recorded)
        result = evidence(list(pool.map(run, listed)), timestamps.now()) | signals.result()
    logger.info("Readiness checked", extra={"evidence": result})
    return result
