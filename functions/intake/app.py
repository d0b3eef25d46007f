"""Intake: accepts, drops, hands over or refuses what started a machine."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.settings import comma_separated, variable
from pilotlight.failover.request import InvalidExecutionInput, Request, read
from pilotlight.hooks.hook import modes_of, read_hooks
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment
from pilotlight.shared.validation import violation
from pilotlight.switchover.request import MoveRequest, read_move

if TYPE_CHECKING:
    from collections.abc import Callable


logger = Logger()
DEPLOYMENT = Deployment.from_environment()
HOOKS = variable("HOOKS", read_hooks)

READERS: dict[str, Callable[[Any], Request | MoveRequest]] = {
    "failover": partial(
        read, validate=violation, alarm_arns=variable("ALARM_ARNS", comma_separated)
    ),
    "switchover": partial(
        read_move,
        validate=violation,
        primary=DEPLOYMENT.primary_region,
        secondary=DEPLOYMENT.secondary_region,
    ),
}


@recovery_step(logger)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Read `{"input": <the execution's input>}` and return what is to be done.

    `machine` names the machine that calls: `failover` or `switchover`. `hooks` has the modes in
    which each configured hook is called.
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
    return request | {"hooks": modes_of(HOOKS)}
