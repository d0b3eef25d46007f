"""Around each step's handler: warm pings, a trace, and the execution's ARN in every log line."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from pilot_light_client.warm_ping import answers_warm_pings

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools import Logger, Tracer
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from pilot_light_client.warm_ping import Handler


def recovery_step(
    logger: Logger, tracer: Tracer | None = None, *, execution: str = "execution"
) -> Callable[[Handler], Handler]:
    """Return a decorator of a step's handler. Each log line and the trace name the execution.

    Parameters
    ----------
    tracer
        None for a step whose function traces nothing of its own.
    execution
        Where the event holds the execution's ARN, as a JMESPath expression. A log line has it as
        `correlation_id`.
    """

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def annotated(event: Any, context: LambdaContext) -> Any:
            correlation = logger.get_correlation_id()
            if tracer and correlation:
                tracer.put_annotation("execution", correlation)
            return handler(event, context)

        step: Handler = logger.inject_lambda_context(
            annotated, clear_state=True, correlation_id_path=execution
        )
        if tracer:
            step = tracer.capture_lambda_handler(step, capture_response=False)
        return answers_warm_pings(step)

    return decorate
