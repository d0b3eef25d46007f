"""An application with hooks: what each was called with, and how it answers."""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ReadTimeoutError
from pilotlight.hooks.hook import PHASES, READY, read_hooks

from tests.integration import conftest
from tests.integration.machine import TIME_COMPRESSION

if TYPE_CHECKING:
    import pytest

READY_ANSWER = {"ready": True}


class Application:
    """The functions of hooks, by their phase: `shop-ready:live` and so on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.calls: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {READY: READY_ANSWER}
        self.hanging: set[str] = set()
        self.waited: list[int] = []
        self.timeout = 0
        monkeypatch.setattr(conftest.loaded("hook"), "client_of", self._client_of)

    def declare(self, **options: str) -> None:
        """Deploy hooks at these phases, each with its options."""
        texts = (f"shop-{p}:live {options[p]}".strip() if p in options else "" for p in PHASES)
        hooks = read_hooks(",".join(texts))
        for name in ("intake", "hook"):
            self._monkeypatch.setattr(conftest.loaded(name), "HOOKS", hooks)
        self._monkeypatch.setattr(conftest.loaded("decide"), "READY_HOOK", hooks.get(READY))

    def phases(self) -> list[str]:
        return [call["phase"] for call in self.calls]

    def _client_of(self, seconds: int) -> Any:
        self.timeout = seconds
        return self

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        payload = json.loads(Payload)
        self.calls.append(payload)
        phase = payload["phase"]
        assert FunctionName == f"shop-{phase}:live"
        if phase in self.hanging:
            self.waited.append(self.timeout)
            time.sleep(self.timeout / TIME_COMPRESSION)
            raise ReadTimeoutError(endpoint_url="https://lambda")
        answer = self.answers.get(phase)
        if isinstance(answer, Exception):
            error = {"errorType": type(answer).__name__, "errorMessage": str(answer)}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(error).encode())}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}
