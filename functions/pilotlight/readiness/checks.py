"""Checks of a Region that is to serve. Each returns what it found, as a state and a detail."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from pilot_light_client import http, timestamps
from pilot_light_client.control_table import ControlUnread
from pilot_light_client.table_errors import translated

from pilotlight.readiness.verdict import CheckResult, Outcome, State, evidence, outcome
from pilotlight.recoveries import schema
from pilotlight.shared.invoke import api_event, invoke

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

    from pilotlight.control.table import ControlTable
    from pilotlight.shared.app_tables import AppTable
    from pilotlight.shared.settings import Deployment

    # A name, whether it is required, and what to run.
    Check = tuple[str, bool, Callable[[], Outcome]]

HTTPS_SECONDS = 2.0


def secondary_checks(
    deployment: Deployment,
    control: ControlTable,
    clients: tuple[DynamoDBClient, LambdaClient, S3Client],
    *,
    recoveries_table: str,
    bucket: str,
    switch_function: str,
) -> list[Check]:
    """List the checks of a Region from within. Advisory: what users can do without."""
    region, (dynamodb, lambda_, s3) = deployment.region, clients
    pk, host = schema.key(schema.CANARY, region), deployment.region_name(region)
    table, answer = partial(canary_item, dynamodb), partial(answers, lambda_)
    return [
        ("journal_table", True, partial(table, deployment.journal_table, journal_canary(region))),
        *(app_table(dynamodb, of_app, region) for of_app in deployment.app_tables),
        ("control_quorum", True, partial(quorum, control)),
        ("recoveries_table", True, partial(table, recoveries_table, pk)),
        ("switch_function", True, partial(answer, switch_function, "/switch/off")),
        ("endpoint", True, partial(endpoint, deployment.health_url(host))),
        ("certificate", False, partial(certificate, host, days=7)),
        ("bucket", False, partial(canary_object, s3, bucket, f"canary/{region}")),
    ]


def journal_canary(region: str) -> dict[str, Any]:
    """Return the key of a Region's canary in the journal table."""
    return {**schema.key(schema.CANARY, region), "sk": {"S": "canary"}}


def app_table(client: DynamoDBClient, table: AppTable, region: str) -> Check:
    """Return the check of a table of the application."""
    action = canary_item if table.takes_canaries else readable
    key = table.canary_key(f"{schema.CANARY}{region}")
    return f"table {table.name}", True, partial(action, client, table.name, key)


def run_all(checks: list[Check]) -> dict[str, Any]:
    """Run all checks at once, and return the verdict and the results as evidence."""
    with ThreadPoolExecutor(len(checks)) as pool:
        return evidence(list(pool.map(run, checks)), timestamps.now())


def canary_item(client: DynamoDBClient, name: str, key: dict[str, Any]) -> Outcome:
    """Put, read consistently and delete a canary item: that proves the data plane."""
    mark = {"S": str(uuid.uuid4())}
    with translated():
        client.put_item(TableName=name, Item={**key, "mark": mark})
        item = client.get_item(TableName=name, Key=key, ConsistentRead=True).get("Item", {})
        if item.get("mark") != mark:
            return "failed", f"The canary put into {name} was not read back."
        client.delete_item(TableName=name, Key=key)
    return "ok", "put, read and deleted a canary"


def readable(client: DynamoDBClient, name: str, key: dict[str, Any]) -> Outcome:
    """Read a key consistently, whether there is an item or not."""
    with translated():
        client.get_item(TableName=name, Key=key, ConsistentRead=True)
    return "ok", "read a key; its keys are numbers, so that it takes no canary"


def canary_object(client: S3Client, name: str, key: str) -> Outcome:
    """Put, read and delete a canary object."""
    mark = str(uuid.uuid4()).encode()
    client.put_object(Bucket=name, Key=key, Body=mark)
    if client.get_object(Bucket=name, Key=key)["Body"].read() != mark:
        return "failed", f"The canary put into {name} was not read back."
    client.delete_object(Bucket=name, Key=key)
    return "ok", "put, read and deleted a canary"


def answers(client: LambdaClient, function: str, path: str, tries: int = 2) -> Outcome:
    """Invoke an alias with a request, as API Gateway would.

    Its one short try at a table may have come at a bad moment.
    """
    status = invoke(client, function, api_event(path))["statusCode"]
    if status != 200 and tries > 1:
        return answers(client, function, path, tries - 1)
    return outcome(status == 200, f"GET {path} answered {status}")


def quorum(table: ControlTable, tries: int = 3) -> Outcome:
    """Read the control item strongly, in three tries. A Region that cannot may claim nothing."""
    try:
        item = table.read()
    except ControlUnread as error:
        if tries == 1 or error.why in ("missing", "invalid"):
            raise
        return quorum(table, tries - 1)
    return "ok", f"{item.active_region} {item.state} in epoch {item.epoch}, by a strong read"


def endpoint(url: str, tries: int = 2) -> Outcome:
    """Request a Region's deep health at its own endpoint, over TLS.

    A dormant function may need most of the time of the first try to start, and a table may stumble.
    """
    try:
        status = http.request("GET", url, timeout=HTTPS_SECONDS).status
    except http.Unreachable:
        if tries == 1:
            raise
        return endpoint(url, tries - 1)
    if status != 200 and tries > 1:
        return endpoint(url, tries - 1)
    return outcome(status == 200, f"{url} answered {status}")


def certificate(host: str, days: int) -> Outcome:
    """Check that the endpoint's certificate lasts for some days. ACM renews it 60 days before."""
    end = http.certificate_end(host, timeout=HTTPS_SECONDS)
    return outcome(end - datetime.now(UTC) >= timedelta(days=days), f"ends on {end:%Y-%m-%d}")


def run(check: Check, on_error: State = "failed") -> CheckResult:
    """Run one check. An exception is a result as well, and no error of the step."""
    name, required, action = check
    start = time.monotonic()
    try:
        state, detail = action()
    except Exception as error:
        state, detail = on_error, f"{type(error).__name__}: {error}"
    return CheckResult(name, required, state, detail, round(time.monotonic() - start, 3))
