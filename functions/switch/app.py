"""GET /switch/on and /switch/off: Route 53's checkers read here whether this Region is active."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from pilot_light_client.warm_ping import answers_warm_pings
from pilotlight.control.assembly import control_table, last_resort
from pilotlight.control.switch import Switch
from pilotlight.shared.settings import Deployment

# Not at run time: it would import all of Powertools, and nothing is logged here.
if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

DEPLOYMENT = Deployment.from_environment()
READ = control_table(DEPLOYMENT).read
SWITCH = Switch(
    READ, partial(READ, consistent=False), DEPLOYMENT.region, last_resort(DEPLOYMENT).read
)


@answers_warm_pings
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer a checker: 200 only where the answer is positively yes."""
    question = str(event["rawPath"]).rsplit("/", 1)[-1]
    yes = SWITCH.on() if question == "on" else SWITCH.off()
    return {
        "statusCode": 200 if yes else 503,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps({"region": DEPLOYMENT.region, question: yes}),
    }
