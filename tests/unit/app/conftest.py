"""The app with a table in memory, and requests as API Gateway hands them over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from pilot_light_client import assembly, aws_clients, http
from pilot_light_client.heartbeat_table import Heartbeats

from tests.handlers import context, load_handler
from tests.unit.functions.conftest import dynamodb, emptied, fake, moto_client, pytest_configure
from tests.unit.functions.fakes import (
    CONTROL,
    ITEMS,
    JOURNAL,
    SECONDARY,
    FakeDynamoDB,
    control_item,
    request_event,
)

if TYPE_CHECKING:
    from pilot_light_client.heartbeat import Heartbeat

# The same tables as of the tests of functions/.
__all__ = ["dynamodb", "emptied", "fake", "moto_client", "pytest_configure"]
# Here and not in a test: a library makes a socket when it is imported.
load_handler("app")


@dataclass
class Answer:
    """What a user gets."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> str:
        return str(self.body["error"]["code"])


class App:
    """The app of the Secondary's Region, and the other Region's side of a forwarding."""

    module: Any

    def __init__(self, dynamodb: FakeDynamoDB) -> None:
        self.dynamodb = dynamodb
        self.forwarded: list[tuple[str, str, dict[str, Any]]] = []
        self.other = http.Response(201, b"{}", {}, 0.1)

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        event = request_event(method, path, body, **more)
        found = self.module.lambda_handler(event, context("app"))
        return Answer(found["statusCode"], found["headers"], found["body"])

    def active(self, region: str, state: str = "serving") -> None:
        self.dynamodb.put_item(CONTROL, control_item(region, 2, state))
        self.restart()

    def restart(self) -> None:
        """Serve what comes next in a new execution environment."""
        self.module = load_handler("app")

    def heartbeat(self) -> Heartbeat | None:
        return Heartbeats(self.dynamodb, JOURNAL).newest(SECONDARY)

    def pulse(self) -> int:
        """The number of the pulse in the control table, 0 where there is none."""
        found = self.dynamodb.table(CONTROL).get(("pulse", ""), {"beat": {"N": "0"}})
        return int(found["beat"]["N"])

    def written(self) -> list[dict[str, Any]]:
        """What users have written: items and journal entries, and no heartbeats."""
        return self.dynamodb.rows(ITEMS) + self.dynamodb.rows(JOURNAL, "J#")

    def request(self, method: str, url: str, **more: Any) -> http.Response:
        self.forwarded.append((method, url, more))
        return self.other


@pytest.fixture
def app(fake: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch) -> App:
    found = App(fake)
    monkeypatch.setattr(aws_clients, "write_path_client", lambda: fake)
    for module in (aws_clients, assembly):
        monkeypatch.setattr(module, "best_effort_client", lambda: fake)
    monkeypatch.setattr(http, "request", found.request)
    found.active(SECONDARY)
    return found
