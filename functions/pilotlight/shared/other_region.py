"""Clients of another Region. Off the recovery path only: on it, nothing leaves the Secondary."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

import boto3

from pilotlight.shared.aws_clients import PINGING, RECOVERY_STEP

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@cache
def client_of(region: str, service: str) -> Any:
    """Return the client of a service in a Region, with the patience of a recovery step."""
    return cast("Any", boto3).client(service, region_name=region, config=RECOVERY_STEP)


@cache
def ping_client_of(region: str) -> LambdaClient:
    """Return the Lambda client that pings in a Region."""
    return boto3.client("lambda", region_name=region, config=PINGING)
