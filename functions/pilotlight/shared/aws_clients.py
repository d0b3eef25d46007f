"""boto3 clients, made once for each execution environment, impatient by design."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import boto3
from botocore.config import Config

from pilotlight.shared.connection_check import checks_when_connected

# A recovery step has seconds. One retry covers a lost connection; Step Functions owns the others.
IMPATIENT = Config(
    connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"}
)
# A user waits for a write. Only the legacy mode waits as little as 50 ms before the retry.
PROMPT = Config(
    connect_timeout=0.2,
    read_timeout=0.5,
    retries={"total_max_attempts": 2, "mode": "legacy"},
)
# The fence and the switch read again by themselves, and what is done beside an answer may not keep
# it: Route 53 and the sentinel wait for two seconds.
IN_PASSING = Config(connect_timeout=0.2, read_timeout=0.5, retries={"total_max_attempts": 1})

# How many warm pings are sent at once.
MAX_IN_FLIGHT = 250
# A connection for each ping, and no retry: a second ping for a slow first would be held beside it
# and count for nothing.
PINGING = Config(
    connect_timeout=1,
    read_timeout=4,
    retries={"total_max_attempts": 1, "mode": "standard"},
    max_pool_connections=MAX_IN_FLIGHT,
)


@cache
def client(service: str) -> Any:
    """Return the client of a service in the function's own Region, and only there."""
    return cast("Any", boto3).client(service, config=IMPATIENT)


@cache
def prompt_client(service: str) -> Any:
    """Return such a client for what users wait for. Its writes are checked when connected."""
    return checks_when_connected(cast("Any", boto3).client(service, config=PROMPT))


@cache
def client_in_passing(service: str) -> Any:
    """Return such a client with one short attempt, for what is left undone rather than late."""
    return cast("Any", boto3).client(service, config=IN_PASSING)
