"""How long the clients wait: as long as what the fence promises, and no longer."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore import endpoint
from botocore.exceptions import ReadTimeoutError
from pilotlight.adapters.clients import PROMPT
from pilotlight.domain.fence import TRANSACTION_SECONDS, WRITE_DEADLINE_SECONDS

from tests.unit.functions.fakes import ITEMS, SECONDARY


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(endpoint.time, "sleep", found.append)
    return found


def test_a_transaction_and_its_retry_end_within_what_the_fence_grants_them(
    slept: list[float],
) -> None:
    """A table that never answers: botocore itself says how often it asks, and how long it waits."""
    asked: list[Any] = []

    def silent(request: Any, **_: Any) -> None:
        asked.append(request.headers["X-Amz-Target"])
        raise ReadTimeoutError(endpoint_url="https://dynamodb")

    client: Any = boto3.client("dynamodb", region_name=SECONDARY, config=PROMPT)
    client.meta.events.register("before-send.dynamodb.*", silent)
    put = {"Put": {"TableName": ITEMS, "Item": {"pk": {"S": "I#1"}}}}
    with pytest.raises(ReadTimeoutError):
        client.transact_write_items(TransactItems=[put], ClientRequestToken="01A")
    assert len(asked) == 2
    config = client.meta.config
    once = config.connect_timeout + config.read_timeout
    assert len(asked) * once + sum(slept) <= TRANSACTION_SECONDS + 1e-9
    assert TRANSACTION_SECONDS < WRITE_DEADLINE_SECONDS
