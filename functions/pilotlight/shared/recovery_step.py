"""Around each step's handler: warm pings, and the execution's ARN in every log line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilot_light_client.warm_ping import answers_warm_pings

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools import Logger
    from pilot_light_client.warm_ping import Handler


def recovery_step(logger: Logger, *, execution: str = "execution") -> Callable[[Handler], Handler]:
    """Return a decorator of a step's handler. Each log line names the execution.

    Parameters
    ----------
    execution
        Where the event holds the execution's ARN, as a JMESPath expression. A log line has it as
        `correlation_id`.
    """

    def decorate(handler: Handler) -> Handler:
        step: Handler = logger.inject_lambda_context(
            handler, clear_state=True, correlation_id_path=execution
        )
        return answers_warm_pings(step)

    return decorate
