"""Readiness: tries whether the Secondary can serve, on data planes only."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight import moments
from pilotlight.adapters import canaries, https
from pilotlight.adapters.clients import client
from pilotlight.adapters.heartbeats import Heartbeats
from pilotlight.adapters.invoke import api_event, invoke
from pilotlight.adapters.witnesses import Witnesses
from pilotlight.domain.readiness import Check, evidence
from pilotlight.settings import Deployment, required

if TYPE_CHECKING:
    from collections.abc import Callable

logger, tracer = Logger(), Tracer()
Trial = tuple[str, bool, "Callable[[], str]"]


class NotWell(Exception):
    """Something answered, and not as it should."""


def answers(function: str, path: str, healthy: set[int]) -> str:
    """Invoke an alias with a request, as API Gateway would."""
    status = invoke(client("lambda"), function, api_event(path))["statusCode"]
    if status not in healthy:
        raise NotWell(f"GET {path} answered {status}.")
    return f"GET {path} answered {status}"


def endpoint(host: str) -> str:
    """Ask the Region's own endpoint for its deep health, over TLS."""
    status = https.request("GET", f"https://{host}/health", timeout=2.0).status
    if status != 200:
        raise NotWell(f"https://{host}/health answered {status}.")
    return f"https://{host}/health answered 200"


def certificate(host: str) -> str:
    """Look at the end of the endpoint's certificate."""
    end = https.certificate_end(host, timeout=2.0)
    if end - datetime.now(UTC) < timedelta(days=7):
        raise NotWell(f"The certificate ends on {end:%Y-%m-%d}.")
    return f"ends on {end:%Y-%m-%d}"


def trials(known: Deployment) -> list[Trial]:
    """List what is tried. Advisory: what the app can serve without."""
    dynamodb, pk = client("dynamodb"), {"pk": {"S": f"canary#{known.region}"}}
    host = known.region_name(known.region)
    items_key = {**pk, "sk": {"S": "canary"}}
    return [
        ("items_table", True, partial(canaries.table, dynamodb, known.items_table, items_key)),
        ("control_table", True, partial(canaries.table, dynamodb, known.control_table, pk)),
        (
            "recoveries_table",
            True,
            partial(canaries.table, dynamodb, required("RECOVERIES_TABLE"), pk),
        ),
        ("app_function", True, partial(answers, required("APP_FUNCTION"), "/health", {200})),
        (
            "switch_function",
            True,
            partial(answers, required("SWITCH_FUNCTION"), "/switch/off", {200}),
        ),
        ("endpoint", True, partial(endpoint, host)),
        ("certificate", False, partial(certificate, host)),
        (
            "bucket",
            False,
            partial(canaries.bucket, client("s3"), required("BUCKET"), f"canary/{known.region}"),
        ),
    ]


def tried(trial: Trial) -> Check:
    """Try one thing. Whatever goes wrong is evidence, not an error of this step."""
    name, is_required, action = trial
    start = time.monotonic()
    try:
        ok, detail = True, action()
    except Exception as error:
        ok, detail = False, f"{type(error).__name__}: {error}"
    return Check(name, is_required, ok, detail, round(time.monotonic() - start, 3))


@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Return the verdict `ready` or `not_ready`, with every check, and what witnesses say."""
    known = Deployment.from_environment()
    found, dynamodb = trials(known), client("dynamodb")
    witnesses = Witnesses(
        heartbeats=Heartbeats(dynamodb, known.items_table, known.control_table),
        dynamodb=dynamodb,
        s3=client("s3"),
        recoveries_table=required("RECOVERIES_TABLE"),
        bucket=required("BUCKET"),
        primary_region=known.primary_region,
    )
    with ThreadPoolExecutor(len(found) + 1) as pool:
        told = pool.submit(witnesses.ask)
        result = evidence(list(pool.map(tried, found)), moments.now()) | told.result()
    logger.info("Readiness tried", extra={"evidence": result})
    return result
