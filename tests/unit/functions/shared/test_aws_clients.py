"""How long the clients wait: as long as what the fence promises, and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore import endpoint
from botocore.exceptions import ReadTimeoutError
from pilot_light_client.aws_clients import best_effort_client, write_path_client
from pilot_light_client.fence import ANSWER_SECONDS, PATIENCE_SECONDS

from tests.unit.functions.fakes import ITEMS

if TYPE_CHECKING:
    from collections.abc import Iterator

# Route 53's checkers and the sentinel wait as long for an answer.
CHECKERS_SECONDS = 2.0


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    found: list[float] = []
    monkeypatch.setattr(endpoint.time, "sleep", found.append)
    for made in (write_path_client, best_effort_client):
        made.cache_clear()
    yield found
    for made in (write_path_client, best_effort_client):
        made.cache_clear()


def attempts(client: Any) -> int:
    """Ask a table that never answers, and return how often botocore did."""
    asked: list[Any] = []

    def silent(request: Any, **_: Any) -> None:
        asked.append(request)
        raise ReadTimeoutError(endpoint_url="https://dynamodb")

    client.meta.events.register("before-send.dynamodb.*", silent)
    with pytest.raises(ReadTimeoutError):
        client.get_item(TableName=ITEMS, Key={"pk": {"S": "I#1"}})
    return len(asked)


def test_an_answer_is_waited_for_as_long_as_the_fence_reckons_with_after_the_last_check(
    slept: list[float],
) -> None:
    client = write_path_client()
    assert client.meta.config.read_timeout <= ANSWER_SECONDS
    assert attempts(client) == 2
    assert sum(slept) <= 0.05


def test_what_is_done_in_passing_is_tried_once_and_ends_before_anybody_stops_waiting(
    slept: list[float],
) -> None:
    client = best_effort_client()
    assert attempts(client) == 1
    once = client.meta.config.connect_timeout + client.meta.config.read_timeout
    assert 2 * once < CHECKERS_SECONDS, "the strong read, and a second one beside it"
    assert once < PATIENCE_SECONDS
