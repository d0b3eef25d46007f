"""GET /switch/on and /switch/off: tells Route 53's checkers whether this Region is active."""

from __future__ import annotations

import json
from functools import cache, partial
from typing import Any

from pilotlight.control.assembly import control_table, last_resort
from pilotlight.control.switch import Switch
from pilotlight.shared.settings import Deployment
from pilotlight.shared.warm_ping import answers_warm_pings


@cache
def switch() -> Switch:
    """Make the switch once for each execution environment."""
    known = Deployment.from_environment()
    read = control_table(known).read
    return Switch(read, partial(read, consistent=False), known.region, last_resort(known).read)


@answers_warm_pings
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer a checker: 200 only where the answer is positively yes."""
    question = str(event["rawPath"]).rsplit("/", 1)[-1]
    yes = switch().on() if question == "on" else switch().off()
    return {
        "statusCode": 200 if yes else 503,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps({"region": Deployment.from_environment().region, question: yes}),
    }
