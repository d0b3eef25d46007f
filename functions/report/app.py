"""Report: writes what a run did, for machines and for people, into the Region's bucket."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight.reporting.page import page
from pilotlight.reporting.report import Deployed, prefix, report
from pilotlight.reporting.store import store
from pilotlight.shared.aws_clients import client
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, required

logger, tracer = Logger(), Tracer()
NEEDS = ("BUCKET",)
TEMPLATE = Path(__file__).with_name("page.html")


@recovery_step(logger, tracer, needs=NEEDS)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Write report.json and report.html of the run that the event tells of, and say where.

    Raises
    ------
    InvalidReport
        The event does not say what it is of.
    ReportNotStored
        The bucket did not take it.
    """
    known = Deployment.from_environment()
    where = Deployed(known.primary_region, known.secondary_region, known.public_name)
    found = report(event, where, datetime.now(UTC))
    files = {
        "report.json": ("application/json", json.dumps(found, indent=2)),
        "report.html": ("text/html; charset=utf-8", page(found, TEMPLATE.read_text("utf-8"))),
    }
    address = store(client("s3"), required("BUCKET"), prefix(event), files)
    logger.info("Report written", extra={"report": address})
    return {"report": address}
