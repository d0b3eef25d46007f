"""Readiness: tries whether the Secondary can serve, on data planes only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight.control.assembly import control_table
from pilotlight.readiness import canaries
from pilotlight.readiness.checks import answers, certificate, endpoint, quorum, run
from pilotlight.readiness.recorded_signals import recorded_signals
from pilotlight.readiness.verdict import evidence
from pilotlight.recoveries import schema
from pilotlight.replication.heartbeat_table import Heartbeats
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import client
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, required

if TYPE_CHECKING:
    from pilotlight.readiness.checks import Check

logger, tracer = Logger(), Tracer()
NEEDS = ("APP_FUNCTION", "BUCKET", "RECOVERIES_TABLE", "SWITCH_FUNCTION")
# Made while the environment starts, when nobody waits for them.
for service in ("dynamodb", "lambda", "s3"):
    client(service)


def checks(known: Deployment) -> list[Check]:
    """List the checks. Advisory: what the app can serve without."""
    dynamodb, pk = client("dynamodb"), schema.key(schema.CANARY, known.region)
    answer = partial(answers, client("lambda"))
    host = known.region_name(known.region)
    items_key = {**pk, "sk": {"S": "canary"}}
    return [
        ("items_table", True, partial(canaries.table, dynamodb, known.items_table, items_key)),
        ("control_quorum", True, partial(quorum, control_table(known))),
        (
            "recoveries_table",
            True,
            partial(canaries.table, dynamodb, required("RECOVERIES_TABLE"), pk),
        ),
        ("app_function", True, partial(answer, required("APP_FUNCTION"), "/health")),
        ("switch_function", True, partial(answer, required("SWITCH_FUNCTION"), "/switch/off")),
        ("endpoint", True, partial(endpoint, host)),
        ("certificate", False, partial(certificate, host, days=7)),
        (
            "bucket",
            False,
            partial(canaries.bucket, client("s3"), required("BUCKET"), f"canary/{known.region}"),
        ),
    ]


@recovery_step(logger, tracer, needs=NEEDS)
def lambda_handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the verdict `ready` or `not_ready`, with every check, and what others recorded."""
    known = Deployment.from_environment()
    listed, dynamodb = checks(known), client("dynamodb")
    with ThreadPoolExecutor(len(listed) + 1) as pool:
        signals = pool.submit(
            recorded_signals,
            Heartbeats(dynamodb, known.items_table),
            dynamodb,
            required("RECOVERIES_TABLE"),
            known.primary_region,
        )
        result = evidence(list(pool.map(run, listed)), timestamps.now()) | signals.result()
    logger.info("Readiness checked", extra={"evidence": result})
    return result
