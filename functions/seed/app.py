"""Seed: creates the control item if there is none. A custom resource, also invoked by hand."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilotlight.control.seed_mark import SeedMark
from pilotlight.control.table import ControlTable, ControlUnread
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.settings import Deployment, variable

if TYPE_CHECKING:
    from pilotlight.control.item import ControlItem

logger, tracer = Logger(), Tracer()
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)


class SeededBefore(Exception):
    """The control item is gone. Seeding it again could use an epoch a second time."""


def seed(epoch: int | None = None) -> dict[str, Any]:
    """Seed once, and return the control item that is there now.

    Parameters
    ----------
    epoch
        Given by a person who puts a lost item back: above every epoch that was ever used.

    Raises
    ------
    SeededBefore
        The item is missing although it was seeded before, and nobody gave a higher epoch.
    """
    table = ControlTable(DYNAMODB, DEPLOYMENT.control_table)
    mark = SeedMark(DYNAMODB, RECOVERIES_TABLE)
    item = _present(table)
    if item is None:
        used = mark.highest_epoch()
        if used is not None and (epoch is None or epoch <= used):
            raise SeededBefore(
                f"The control item was seeded before and is missing now; epoch {used} was used. "
                "See docs/runbook/control-item-missing.md. To put it back, invoke this "
                f'function with {{"RequestType": "Seed", "Epoch": {used + 1}}}.'
            )
        item = table.seed(DEPLOYMENT.primary_region, timestamps.now(), epoch or 1)
    mark.record(item.epoch)
    return asdict(item)


def _present(table: ControlTable) -> ControlItem | None:
    try:
        return table.read()
    except ControlUnread as error:
        if error.why == "missing":
            return None
        raise


def answer(event: dict[str, Any], status: str, reason: str, data: dict[str, Any]) -> None:
    """Answer CloudFormation, which otherwise waits until its timeout."""
    body = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": event.get("PhysicalResourceId") or "control-item",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"ActiveRegion": data.get("active_region", ""), "Epoch": data.get("epoch", 0)},
    }
    request = urllib.request.Request(
        event["ResponseURL"],
        data=json.dumps(body).encode(),
        headers={"Content-Type": ""},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=5):
        pass


@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Handle the custom resource, or `{"RequestType": "Seed", "Epoch": <number>}` by hand."""
    if "ResponseURL" not in event:
        return seed(int(event["Epoch"]) if "Epoch" in event else None)
    try:
        # A deleted stack leaves its tables, and so the item: deleting is nobody's promotion.
        item = {} if event["RequestType"] == "Delete" else seed()
    except Exception as error:
        logger.exception("Seeding failed")
        answer(event, "FAILED", f"{type(error).__name__}: {error}", {})
        raise
    answer(event, "SUCCESS", "The control item is there.", item)
    logger.info("Control item seeded", extra={"control": item})
    return item
