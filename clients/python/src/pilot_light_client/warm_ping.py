"""The warm ping: an invocation that only makes sure that its execution environment exists."""

from __future__ import annotations

import functools
import time
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    Handler = Callable[[Any, LambdaContext], Any]

ENVIRONMENT = str(uuid.uuid4())
MAX_HOLD_MS = 1000


def ping(hold_ms: int) -> dict[str, Any]:
    """Return the event of a ping. It holds its environment, so that pings beside it need others."""
    return {"pilot_light": {"warm": {"hold_ms": hold_ms}}}


def answers_warm_pings(handler: Handler) -> Handler:
    """Wrap a handler so that it answers pings before it does anything else."""

    @functools.wraps(handler)
    def wrapped(event: Any, context: LambdaContext) -> Any:
        request = event.get("pilot_light", {}).get("warm") if isinstance(event, dict) else None
        if request is None:
            return handler(event, context)
        time.sleep(min(max(int(request.get("hold_ms", 0)), 0), MAX_HOLD_MS) / 1000)
        return {"environment": ENVIRONMENT}

    return wrapped
