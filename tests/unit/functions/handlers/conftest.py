"""The app with a table in memory, and requests as API Gateway hands them over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from pilotlight.adapters import https

from tests.handlers import context, load_handler
from tests.unit.functions.fakes import (
    CONTROL,
    SECONDARY,
    FakeDynamoDB,
    control_item,
    request_event,
)

# Loaded here and not in a test: a library makes a socket when it is imported.
MODULE: Any = load_handler("app")


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

    def __init__(self, dynamodb: FakeDynamoDB) -> None:
        self.dynamodb = dynamodb
        self.forwarded: list[tuple[str, str, dict[str, Any]]] = []
        self.other = https.Response(201, b"{}", {}, 0.1)

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        event = request_event(method, path, body, **more)
        found = MODULE.lambda_handler(event, context("app"))
        return Answer(found["statusCode"], found["headers"], found["body"])

    def active(self, region: str, state: str = "serving") -> None:
        self.dynamodb.put_item(CONTROL, control_item(region, 2, state))
        MODULE.control.cache_clear()
        MODULE.items.cache_clear()

    def draining(self, source: str, target: str) -> None:
        lease: dict[str, str | int] = {"drain_until": 2**42, "drain_to": target}
        self.dynamodb.put_item(CONTROL, control_item(source, 2, "draining", **lease))
        MODULE.control.cache_clear()
        MODULE.items.cache_clear()

    def request(self, method: str, url: str, **more: Any) -> https.Response:
        self.forwarded.append((method, url, more))
        return self.other


@pytest.fixture
def app(fake: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch) -> App:
    found = App(fake)
    monkeypatch.setattr(MODULE, "client", lambda _service: fake)
    monkeypatch.setattr(https, "request", found.request)
    MODULE.known.cache_clear()
    found.active(SECONDARY)
    return found
