"""Intake: accepts, drops, hands over or refuses what started a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight.failover.request import InvalidExecutionInput, Request, read
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, required
from pilotlight.shared.validation import violation
from pilotlight.switchover.request import MoveRequest, read_move

if TYPE_CHECKING:
    from collections.abc import Callable

logger, tracer = Logger(), Tracer()
NEEDS = ("ALARM_ARNS",)


def of_failover(event: dict[str, Any]) -> Request:
    """Read the input of the failover machine."""
    return read(
        event["input"],
        validate=violation,
        alarm_arns=required("ALARM_ARNS").split(","),
    )


def of_switchover(event: dict[str, Any]) -> MoveRequest:
    """Read the input of the switchover machine."""
    known = Deployment.from_environment()
    return read_move(
        event["input"],
        validate=violation,
        primary=known.primary_region,
        secondary=known.secondary_region,
    )


READERS: dict[str, Callable[[dict[str, Any]], Request | MoveRequest]] = {
    "failover": of_failover,
    "switchover": of_switchover,
}


@recovery_step(logger, tracer, needs=NEEDS)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Read `{"input": <the execution's input>}` and say what is to be done.

    `machine` names the machine that asks: `failover` or `switchover`.
    """
    machine = event["machine"]
    if machine not in READERS:
        raise ValueError(f"The machine {machine!r} is none of {', '.join(READERS)}.")
    try:
        request = READERS[machine](event)
    except InvalidExecutionInput as error:
        logger.warning("Execution input refused", extra={"why": str(error)})
        raise
    logger.info("Execution input accepted", extra={"request": request.as_dict()})
    return request.as_dict()
