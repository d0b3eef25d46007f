"""Sends warm pings, many at once, and reads the list of functions to send them to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from pilot_light_client.table_errors import translated
from pilot_light_client.warm_ping import ping

from pilotlight.recoveries import schema
from pilotlight.shared.aws_clients import MAX_IN_FLIGHT
from pilotlight.shared.invoke import invoke
from pilotlight.warming.waves import Warmed, Wave, warmed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient


class NoEnvironment(Exception):
    """A function answered a ping without the id of its environment."""


def environment(client: LambdaClient, function: str, hold_ms: int) -> str:
    """Ping a function once and return the id of the environment that answered.

    Raises
    ------
    NoEnvironment
        The answer names none.
    """
    answer = invoke(client, function, ping(hold_ms))
    environment = answer.get("environment") if isinstance(answer, dict) else None
    if not isinstance(environment, str) or not environment:
        raise NoEnvironment(f"{function} does not answer warm pings.")
    return environment


def wave(
    pool: ThreadPoolExecutor, client: LambdaClient, function: str, pings: int, hold_ms: int
) -> Wave:
    """Ping a function so many times at once."""
    sent = [pool.submit(environment, client, function, hold_ms) for _ in range(pings)]
    errors = [e for e in (p.exception() for p in sent) if e is not None]
    return Wave(
        tuple(p.result() for p in sent if p.exception() is None),
        tuple(f"{type(e).__name__}: {e}" for e in errors),
    )


def warm(
    client: LambdaClient, functions: Sequence[str], requested: int, until: datetime
) -> list[Warmed]:
    """Force so many environments of each function into being. No wave begins after `until`."""
    at_once = MAX_IN_FLIGHT // requested
    with ThreadPoolExecutor(MAX_IN_FLIGHT) as pings, ThreadPoolExecutor(at_once) as pool:

        def one(function: str) -> Warmed:
            send = partial(wave, pings, client, function, requested)
            return warmed(function, requested, send, lambda: datetime.now(UTC) < until)

        return list(pool.map(one, functions))


def listed(client: DynamoDBClient, table: str) -> list[str]:
    """Return the functions that users have listed for warming, in order.

    They are the string set `targets` of one item, so that adding and removing are idempotent.
    """
    key = schema.key(schema.WARM_TARGETS)
    with translated():
        item = client.get_item(TableName=table, Key=key).get("Item", {})
    targets = item.get("targets", {}).get("SS", [])
    return sorted(t for t in targets if isinstance(t, str))
