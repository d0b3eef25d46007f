"""The conformance part of a rehearsal: whether the application does what its level declares.

A rehearsal runs in production and writes nothing into the application's tables but its canaries.
So it asks the application whether it would take writes, and looks at writes that users made.
`lab conform` writes as a user does.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from pilot_light_client import http

from pilotlight.conditions.conformance import FENCE, JOURNAL
from pilotlight.readiness import checks
from pilotlight.readiness.journaled_writes import Authority, judge, versions_made
from pilotlight.readiness.table_streams import TableStreams, find_entries
from pilotlight.shared import contract

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from pilotlight.control.table import ControlTable
    from pilotlight.readiness.checks import Check
    from pilotlight.readiness.verdict import Outcome, State
    from pilotlight.shared.settings import Deployment

SECONDS = 4.0
STREAMS = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1})


@cache
def streams_client() -> Any:
    """Return a client of DynamoDB Streams, which only a rehearsal needs."""
    return boto3.client("dynamodbstreams", config=STREAMS)


def run(
    deployment: Deployment, control: ControlTable, dynamodb: DynamoDBClient
) -> list[dict[str, Any]]:
    """Try at once what the declared level asks for, and return each result as evidence."""
    fence: Check = (FENCE, True, partial(fenced, deployment, control))
    journal: Check = (JOURNAL, True, partial(journaled, deployment, control, dynamodb))
    # Streams that could not be read show neither that the level is met nor that it is not.
    tries: list[tuple[Check, State]] = [(fence, "failed"), (journal, "unknown")]
    tries = tries[: deployment.level]
    with ThreadPoolExecutor(len(tries) or 1) as pool:
        results = pool.map(lambda tried: checks.run(*tried), tries)
        return [{"name": r.name, "state": r.state, "detail": r.detail} for r in results]


def fenced(deployment: Deployment, control: ControlTable) -> Outcome:
    """Ask the application whether it takes writes here, which only the active Region may.

    Raises
    ------
    ControlUnread
        Whether this Region is active is unknown.
    Unreachable
        The application did not answer.
    """
    here, level = deployment.region, contract.in_words(deployment.level)
    item = control.read()
    active = item.active_region == here and item.state == "serving"
    url = f"{deployment.health_url(deployment.region_name(here))}?for=writes"
    status = http.request("GET", url, timeout=SECONDS).status
    if (status == 200) == active:
        return "ok", f"{url} answered {status}, as the control item says"
    if active:
        return "failed", f"{here} is active, and {url} answered {status}: it takes no writes"
    return "failed", (
        f"{here} is passive, and {url} answered 200: the application would take writes here. The "
        f"declared {level}, is not met"
    )


def journaled(deployment: Deployment, control: ControlTable, dynamodb: DynamoDBClient) -> Outcome:
    """Look for the latest writes of the declared tables in the journal, as they are here.

    Raises
    ------
    ControlUnread
        Which Region writes in which epoch is unknown.
    NoStream
        A table has no stream with images.
    TableUnavailable
        A stream, or the journal, did not answer.
    """
    item = control.read()
    authority = Authority(item.active_region, item.epoch, datetime.now(UTC))
    regions = deployment.primary_region, deployment.secondary_region
    changes = TableStreams(dynamodb, streams_client(), regions).latest(deployment.app_tables)
    every = (change for of_table in changes.values() for change in of_table)
    entries = find_entries(dynamodb, deployment.journal_table, versions_made(every))
    return judge(changes, entries, authority, deployment.level)
