"""Report: writes what a run did, for machines and for people, into the Region's bucket."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.settings import variable
from pilotlight.reporting.page import page
from pilotlight.reporting.report import Deployed, prefix, report
from pilotlight.reporting.store import store
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment

logger = Logger()
TEMPLATE = Path(__file__).with_name("page.html").read_text("utf-8")
DEPLOYMENT = Deployment.from_environment()
WHERE = Deployed(
    DEPLOYMENT.primary_region,
    DEPLOYMENT.secondary_region,
    DEPLOYMENT.public_name,
    DEPLOYMENT.level,
    variable("RTO_TARGET_SECONDS", float),
)
BUCKET = variable("BUCKET")
S3 = boto3.client("s3", config=RECOVERY_STEP)


@recovery_step(logger)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    """Write report.json and report.html of the event's run, and return where they are.

    Raises
    ------
    InvalidReport
        The event names no run.
    ReportNotStored
        The bucket did not take it.
    """
    facts = report(event, WHERE, datetime.now(UTC))
    files = {
        "report.json": ("application/json", json.dumps(facts, indent=2)),
        "report.html": ("text/html; charset=utf-8", page(facts, TEMPLATE)),
    }
    address = store(S3, BUCKET, prefix(event), files)
    logger.info("Report written", extra={"report": address})
    return {"report": address}
