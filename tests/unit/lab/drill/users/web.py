"""Answers over HTTPS without a network: what was asked is kept, what is answered is told before."""

from __future__ import annotations

import json
from typing import Any

import urllib3

from lab.drill.users.traffic import Https
from tests.unit.lab.engine.fakes import CONFIG


def answer(status: int = 200, body: Any = None, **headers: str) -> urllib3.HTTPResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return urllib3.HTTPResponse(json.dumps(body).encode(), named, status)


class FakeHttps(Https):
    """Answers in turn; the last answer stays. An exception is raised."""

    def __init__(self, *answers: urllib3.HTTPResponse | Exception) -> None:
        super().__init__(CONFIG)
        self.answers = list(answers)
        self.asked: list[tuple[str, str, str, str, Any]] = []

    def request(
        self, region: str, host: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> urllib3.HTTPResponse:
        self.asked.append((region, host, method, path, body))
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, Exception):
            raise found
        return found
