"""Seed: puts the control item where none is. A custom resource, also invoked by hand."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight import moments
from pilotlight.adapters.clients import client
from pilotlight.adapters.control_table import ControlTable
from pilotlight.settings import Deployment

logger, tracer = Logger(), Tracer()


def seed() -> dict[str, Any]:
    """Seed, and return the control item that is there now."""
    known = Deployment.from_environment()
    table = ControlTable(client("dynamodb"), known.control_table)
    return asdict(table.seed(known.primary_region, moments.now()))


def answer(event: dict[str, Any], status: str, reason: str, data: dict[str, Any]) -> None:
    """Tell CloudFormation, which otherwise waits until its timeout."""
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
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Handle the custom resource's Create, Update and Delete, or `{"RequestType": "Seed"}`."""
    if "ResponseURL" not in event:
        return seed()
    found: dict[str, Any] = {}
    try:
        # A deleted stack leaves its tables, and so the item: deleting is nobody's promotion.
        found = {} if event["RequestType"] == "Delete" else seed()
    except Exception as error:
        logger.exception("Seeding failed")
        answer(event, "FAILED", f"{type(error).__name__}: {error}", {})
        raise
    answer(event, "SUCCESS", "The control item is there.", found)
    logger.info("Seeded", extra={"control": found})
    return found
