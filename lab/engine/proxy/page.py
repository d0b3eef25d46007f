"""The lab's page: the deployment's state, as its overview reports it, and the lab's own state.

The engine serves it on a port of its own, beside all Regions, so that no outage takes it away.
"""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lab.control import control_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.config import LabConfig

HTML = Path(__file__).with_name("page.html")
# Nothing but this one file, what it contains, and its own questions.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
)
CHANGES_SHOWN = 20
# Seconds. A healthy Region answers sooner; the page shows it if one does not.
PATIENCE = 4.0


class Poll:
    """Asks in the background, because a Region may not answer.

    The page shows the latest answer with its time, and the error since then, if there was one.
    """

    def __init__(self, ask: Callable[[], Any], every: float) -> None:
        self._ask = ask
        self._every = every
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._asking = False
        self._latest: dict[str, Any] = {"answer": None, "answered_at": None, "error": None}

    def latest(self) -> dict[str, Any]:
        """Return the latest answer, and ask again if it is due and no answer is awaited."""
        with self._lock:
            now = time.monotonic()
            if not self._asking and now - self._asked_at >= self._every:
                self._asking, self._asked_at = True, now
                threading.Thread(target=self._answer, daemon=True).start()
            waited = now - self._asked_at if self._asking else 0.0
            if waited >= PATIENCE:
                return {**self._latest, "error": f"It has not answered for {waited:.0f} s."}
            return dict(self._latest)

    def _answer(self) -> None:
        try:
            at = datetime.now(UTC).isoformat(timespec="seconds")
            outcome = {"answer": self._ask(), "answered_at": at, "error": None}
        except Exception as error:
            outcome = {"error": in_plain_words(error)}
        with self._lock:
            self._latest.update(outcome)
            self._asking = False


class OverviewFailed(Exception):
    """The overview function failed."""


def in_plain_words(error: Exception) -> str:
    """Describe an error for somebody who looks at the page."""
    if isinstance(error, ClientError):
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return "The deployment is not there yet."
        return f"It refuses: {error.response['Error']['Code']}."
    if isinstance(error, BotoCoreError):
        return f"It does not answer ({type(error).__name__})."
    return str(error)


class Page:
    """What the page shows."""

    def __init__(
        self,
        config: LabConfig,
        actions: dict[str, Callable[..., Any]],
        client: Callable[[str, str], Any],
    ) -> None:
        self._config = config
        self._actions = actions
        self._client = client
        self._facts = Poll(self._ask_facts, every=1.0)

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Return status, content type and body for a path."""
        if path == "/":
            return 200, "text/html; charset=utf-8", HTML.read_bytes()
        if path == "/state.json":
            return 200, "application/json", json.dumps(self.state(), default=str).encode()
        return 404, "application/json", b'{"error": "There is only / and /state.json."}'

    def state(self) -> dict[str, Any]:
        """Return the lab's own state and the latest answer of the overview."""
        config, lab = self._config, self._actions["state"]()
        regions = config.region_of_address
        answers = self._actions["dns"](name=config.public_name)
        facts = self._facts.latest()
        return {
            "primary_region": config.primary_region,
            "secondary_region": config.secondary_region,
            "application_url": f"http://127.0.0.1:{config.browser_port}/",
            "speed": lab["speed"],
            "leads_to": next((regions[a["value"]] for a in answers if a["value"] in regions), None),
            "outages": lab["outages"],
            "lost": {region: loss["mode"] for region, loss in lab["lost"].items()},
            "cut_off": lab["cut_off"],
            "quorum": self._quorum(lab["lost"]),
            "health_checks": [
                {"name": c["name"], "healthy": c["healthy"]} for c in self._actions["health"]()
            ],
            "changes": self._actions["transitions"]()[-CHANGES_SHOWN:],
            "facts": facts["answer"],
            "facts_at": facts["answered_at"],
            "facts_error": facts["error"],
        }

    def _quorum(self, lost: dict[str, Any]) -> dict[str, Any]:
        """Return the witness and whether strong calls on the control table succeed, by Region."""
        status = self._actions["quorum"]()
        table = status["tables"].get(control_table(self._config), {"regions": {}, "witness": None})
        witness = table["witness"] or self._config.witness_region
        silent = status["stalled_seconds"] > 0
        return {
            "witness_region": witness,
            "witness_lost": witness in lost,
            "strong_calls": {
                region: "silent" if silent else each["strong_calls"]
                for region, each in table["regions"].items()
            },
        }

    def _ask_facts(self) -> dict[str, Any]:
        """Invoke the overview as CloudWatch would, by the Region's own API, which may be lost."""
        response = self._client("lambda", self._config.secondary_region).invoke(
            FunctionName=f"{self._config.app_name}-overview",
            Qualifier="live",
            Payload=json.dumps({"view": "facts"}),
        )
        facts: dict[str, Any] = json.loads(response["Payload"].read())
        if "FunctionError" in response:
            raise OverviewFailed(f"The overview function failed: {facts.get('errorMessage')}")
        return facts
