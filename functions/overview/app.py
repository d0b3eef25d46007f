"""Overview: reports the state of the deployment, as facts or as a dashboard's widget."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.settings import days, seconds, variable
from pilotlight.ledger.table import LedgerTable
from pilotlight.reporting import widget
from pilotlight.reporting.facts import gather
from pilotlight.reporting.overview import Pair, overview
from pilotlight.shared.aws_clients import RECOVERY_STEP
from pilotlight.shared.settings import Deployment
from pilotlight.shared.validation import violation

logger = Logger()
DEPLOYMENT = Deployment.from_environment()
RECOVERIES_TABLE = variable("RECOVERIES_TABLE")
LEDGER_TABLE = variable("LEDGER_TABLE")
PAIR = Pair(
    app_name=DEPLOYMENT.app_name,
    primary_region=DEPLOYMENT.primary_region,
    secondary_region=DEPLOYMENT.secondary_region,
    rpo_objective=variable("RPO_OBJECTIVE_SECONDS", seconds),
    rehearsal_max_age=variable("REHEARSAL_MAX_AGE_DAYS", days),
    sentinel_interval=variable("SENTINEL_INTERVAL_SECONDS", seconds),
    level=DEPLOYMENT.level,
    rto_target=variable("RTO_TARGET_SECONDS", float),
)
DYNAMODB = boto3.client("dynamodb", config=RECOVERY_STEP)


class UnknownView(Exception):
    """The event asks for nothing that this function shows."""


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any] | str:
    """Return the facts (`view` is `facts`), HTML (`widget`), or what the widget is (`describe`)."""
    wrong = violation(event, widget.SCHEMA)
    if wrong:
        raise UnknownView(f"The event is invalid: {wrong}.")
    if "describe" in event:
        return widget.DESCRIPTION
    read = gather(DYNAMODB, DEPLOYMENT, LedgerTable(DYNAMODB, LEDGER_TABLE), RECOVERIES_TABLE)
    status = overview(read, PAIR, datetime.now(UTC))
    shown = {name: status[name] for name in ("verdict", "summary")}
    logger.info("Deployment status returned", extra=shown)
    if event["view"] == "facts":
        return status
    dark = event.get("widgetContext", {}).get("theme") == "dark"
    return widget.html(status, dark=dark)
