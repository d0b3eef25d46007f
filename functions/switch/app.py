"""GET /switch/on and /switch/off: tells Route 53's checkers whether this Region is active."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pilotlight.adapters.clients import client
from pilotlight.adapters.control_table import CachedControl, ControlTable
from pilotlight.domain.switch import Position, answer, position
from pilotlight.settings import Deployment
from pilotlight.warm_ping import answers_warm_pings


class Switch:
    """The switch of this execution environment, with its last known position."""

    def __init__(self, control: CachedControl, region: str) -> None:
        self._control = control
        self._region = region
        self._last: Position = "unknown"

    def ask(self, question: str) -> dict[str, Any]:
        """Answer `on` or `off` in the form that API Gateway and function URLs share."""
        self._last = position(self._control.get(), self._region, self._last)
        found = answer("on" if question == "on" else "off", self._last)
        return {
            "statusCode": found.status,
            "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
            "body": json.dumps({"region": self._region, "position": found.position}),
        }


@cache
def switch() -> Switch:
    """Make the switch once for each execution environment."""
    known = Deployment.from_environment()
    table = ControlTable(client("dynamodb"), known.control_table)
    return Switch(CachedControl(table.read), known.region)


@answers_warm_pings
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer one checker, who comes by the function URL, or a person, who comes by the API."""
    path: str = event["rawPath"]
    return switch().ask(path.rsplit("/", 1)[-1])
