"""Confirm: observes for itself whether the Primary is down."""

from __future__ import annotations

from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.aws_clients import best_effort_client
from pilot_light_client.settings import variable
from pilotlight.failover.primary_check import check_primary
from pilotlight.sentinel.item import SentinelItem
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment

logger = Logger()
DEPLOYMENT = Deployment.from_environment()
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
SENTINEL = SentinelItem(DYNAMODB, variable("RECOVERIES_TABLE"))
best_effort_client()


@recovery_step(logger)
def lambda_handler(_event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Return the verdict `outage`, `healthy` or `unclear`, with the probes and the beacon."""
    verdict = check_primary(DEPLOYMENT, SENTINEL)
    logger.info("Primary probed", extra={"evidence": verdict})
    return verdict
