"""Intake: accepts, drops or refuses what started the machine."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight.domain.intake import InvalidExecutionInput, read
from pilotlight.moments import parse
from pilotlight.settings import optional, required
from pilotlight.validation import violation

logger, tracer = Logger(), Tracer()


@tracer.capture_lambda_handler(capture_response=False)
@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Read `{"input": <the execution's input>, "now": <time>}` and say what is to be done."""
    try:
        request = read(
            event["input"],
            validate=violation,
            alarm_arns=required("ALARM_ARNS").split(","),
            now=parse(event["now"]),
            max_event_age=timedelta(seconds=float(required("MAX_EVENT_AGE_SECONDS"))),
            blocked_windows=optional("REHEARSAL_BLOCKED_WINDOWS"),
        )
    except InvalidExecutionInput as error:
        logger.warning("Input refused", extra={"why": str(error)})
        raise
    logger.info("Input read", extra={"request": request.as_dict()})
    return request.as_dict()
