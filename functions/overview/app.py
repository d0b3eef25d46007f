"""Overview: tells the state of the deployment, as facts or as a dashboard's widget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from pilotlight.ledger.table import LedgerTable
from pilotlight.replication.heartbeat_table import Heartbeats
from pilotlight.reporting import widget
from pilotlight.reporting.facts import gather
from pilotlight.reporting.overview import Pair, overview
from pilotlight.shared.aws_clients import client
from pilotlight.shared.settings import Deployment, required
from pilotlight.shared.validation import violation

logger = Logger()
# CloudWatch adds `widgetContext` to the widget's own parameters, and asks for documentation by
# `describe`. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_custom_widget_dashboard_about.html
EVENT = {
    "type": "object",
    "properties": {
        "view": {"enum": ["facts", "widget"]},
        "describe": {"const": True},
        "widgetContext": {"type": "object"},
    },
    "anyOf": [{"required": ["view"]}, {"required": ["describe"]}],
}


class UnknownView(Exception):
    """The event asks for nothing that this function shows."""


def facts() -> dict[str, Any]:
    """Read the facts and put them together."""
    known, dynamodb = Deployment.from_environment(), client("dynamodb")
    read = gather(
        dynamodb,
        Heartbeats(dynamodb, known.items_table),
        LedgerTable(dynamodb, required("LEDGER_TABLE")),
        control_table=known.control_table,
        recoveries_table=required("RECOVERIES_TABLE"),
        primary_region=known.primary_region,
    )
    pair = Pair(
        app_name=required("APP_NAME"),
        primary_region=known.primary_region,
        secondary_region=known.secondary_region,
        rpo_objective=timedelta(seconds=int(required("RPO_OBJECTIVE_SECONDS"))),
        rehearsal_max_age=timedelta(days=float(required("REHEARSAL_MAX_AGE_DAYS"))),
        sentinel_interval=timedelta(seconds=int(required("SENTINEL_INTERVAL_SECONDS"))),
    )
    return overview(read, pair, datetime.now(UTC))


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any] | str:
    """Return the facts (`view` is `facts`), HTML (`widget`), or what the widget is (`describe`).

    Raises
    ------
    UnknownView
        The event asks for something else.
    """
    wrong = violation(event, EVENT)
    if wrong:
        raise UnknownView(f"The event is not as it should be: {wrong}.")
    if "describe" in event:
        return widget.DESCRIPTION
    found = facts()
    logger.info(
        "Deployment status returned",
        extra={"verdict": found["verdict"], "summary": found["summary"]},
    )
    if event["view"] == "facts":
        return found
    dark = event.get("widgetContext", {}).get("theme") == "dark"
    return widget.html(found, dark=dark)
