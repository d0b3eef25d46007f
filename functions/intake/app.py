"""Intake: accepts, drops, hands over or refuses what started a machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilotlight.failover.request import InvalidExecutionInput, Request, read
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, comma_separated, variable
from pilotlight.shared.validation import violation
from pilotlight.switchover.request import MoveRequest, read_move

if TYPE_CHECKING:
    from collections.abc import Callable


logger, tracer = Logger(), Tracer()
DEPLOYMENT = Deployment.from_environment()
ALARM_ARNS = variable("ALARM_ARNS", comma_separated)


def failover_request(execution_input: Any) -> Request:
    """Read the input of the failover machine."""
    return read(execution_input, validate=violation, alarm_arns=ALARM_ARNS)


def switchover_request(execution_input: Any) -> MoveRequest:
    """Read the input of the switchover machine."""
    return read_move(
        execution_input,
        validate=violation,
        primary=DEPLOYMENT.primary_region,
        secondary=DEPLOYMENT.secondary_region,
    )


READERS: dict[str, Callable[[Any], Request | MoveRequest]] = {
    "failover": failover_request,
    "switchover": switchover_request,
}


@recovery_step(logger, tracer)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Read `{"input": <the execution's input>}` and return what is to be done.

    `machine` names the machine that calls: `failover` or `switchover`.
    """
    machine = event["machine"]
    if machine not in READERS:
        raise ValueError(f"The machine {machine!r} is none of {', '.join(READERS)}.")
    try:
        request = asdict(READERS[machine](event["input"]))
    except InvalidExecutionInput as error:
        logger.warning("Execution input refused", extra={"why": str(error)})
        raise
    logger.info("Execution input accepted", extra={"request": request})
    return request
