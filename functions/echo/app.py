"""Echo: answers the heartbeat that a returned Primary wrote after a gap."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from pilotlight.adapters.clients import client
from pilotlight.adapters.control_table import ControlTable
from pilotlight.adapters.heartbeats import Heartbeats
from pilotlight.adapters.returned import milliseconds
from pilotlight.domain.echo import wanted
from pilotlight.settings import Deployment

logger = Logger()


class ControlItemChanged(Exception):
    """The control item changed while it was read. The next attempt reads it anew."""


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(_event: dict[str, Any], _context: Any) -> dict[str, bool]:
    """Look what is held of the Primary's pulse, whatever called, and answer what was not yet."""
    known, dynamodb = Deployment.from_environment(), client("dynamodb")
    heartbeats = Heartbeats(dynamodb, known.items_table, known.control_table)
    region = known.primary_region
    beat, last = heartbeats.pulse(region), heartbeats.echo(region)
    echo = wanted(beat, last, ControlTable(dynamodb, known.control_table).read())
    if echo is None:
        return {"echoed": False}
    if not heartbeats.put_echo(region, echo, milliseconds()):
        raise ControlItemChanged(f"It was {echo.active_region} in epoch {echo.epoch}.")
    logger.info("Echoed", extra={"echo": str(echo)})
    return {"echoed": True}
