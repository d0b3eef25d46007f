"""Seed: creates the control item if there is none. A custom resource, also invoked by hand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.settings import variable
from pilotlight.control.seed import SeedMark, seed
from pilotlight.control.table import ControlTable
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.custom_resource import answer
from pilotlight.shared.settings import Deployment

logger = Logger()
PHYSICAL_ID = "control-item"
DEPLOYMENT = Deployment.from_environment()
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)
TABLE = ControlTable(DYNAMODB, DEPLOYMENT.control_table)
MARK = SeedMark(DYNAMODB, variable("RECOVERIES_TABLE"))


def seeded(epoch: int | None = None) -> dict[str, Any]:
    """Seed the control item if there is none, and return the one that is there."""
    return asdict(seed(TABLE, MARK, DEPLOYMENT.primary_region, epoch))


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Handle the custom resource, or `{"RequestType": "Seed", "Epoch": <number>}` by hand."""
    if "ResponseURL" not in event:
        return seeded(int(event["Epoch"]) if "Epoch" in event else None)
    try:
        # A deleted stack leaves its tables, and so the item: deleting is nobody's promotion.
        item = {} if event["RequestType"] == "Delete" else seeded()
    except Exception as error:
        logger.exception("Seeding failed")
        answer(event, "FAILED", f"{type(error).__name__}: {error}", PHYSICAL_ID, {})
        raise
    data = {"ActiveRegion": item.get("active_region", ""), "Epoch": item.get("epoch", 0)}
    answer(event, "SUCCESS", "The control item is there.", PHYSICAL_ID, data)
    logger.info("Control item seeded", extra={"control": item})
    return item
