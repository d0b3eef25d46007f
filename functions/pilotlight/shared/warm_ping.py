"""The warm ping: an invocation that only makes sure that its execution environment exists."""

from __future__ import annotations

import functools
import time
import uuid
from typing import TYPE_CHECKING, Any

from pilotlight.shared.settings import required

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ENVIRONMENT = str(uuid.uuid4())
MAX_HOLD_MS = 1000


def ping(hold_ms: int) -> dict[str, Any]:
    """Return the event of a ping. It holds its environment, so that pings beside it need others."""
    return {"pilot_light": {"warm": {"hold_ms": hold_ms}}}


def answers_warm_pings(
    handler: Callable[[Any, Any], Any], needs: Sequence[str] = ()
) -> Callable[[Any, Any], Any]:
    """Wrap a handler so that it answers pings before it does anything else.

    Parameters
    ----------
    needs
        Environment variables without which a ping fails, so that a missing one is found by the
        first ping and not by a branch in a disaster.
    """

    @functools.wraps(handler)
    def wrapped(event: Any, context: Any) -> Any:
        asked = event.get("pilot_light", {}).get("warm") if isinstance(event, dict) else None
        if asked is None:
            return handler(event, context)
        for name in needs:
            required(name)
        time.sleep(min(max(int(asked.get("hold_ms", 0)), 0), MAX_HOLD_MS) / 1000)
        return {"environment": ENVIRONMENT}

    return wrapped
