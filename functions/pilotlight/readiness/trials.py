"""Trials of a Region that is to serve: what was tried, and whether it worked."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pilotlight.control.table import ControlUnread
from pilotlight.readiness.verdict import Check
from pilotlight.shared import http
from pilotlight.shared.invoke import api_event, invoke

if TYPE_CHECKING:
    from collections.abc import Callable

    from pilotlight.control.table import ControlTable

    Trial = tuple[str, bool, Callable[[], str]]


class NotWell(Exception):
    """Something answered, and not as it should."""


def answers(client: Any, function: str, path: str, healthy: set[int]) -> str:
    """Invoke an alias with a request, as API Gateway would."""
    status = invoke(client, function, api_event(path))["statusCode"]
    if status not in healthy:
        raise NotWell(f"GET {path} answered {status}.")
    return f"GET {path} answered {status}"


def quorum(table: ControlTable) -> str:
    """Read the control item strongly, in three tries. A Region that cannot may claim nothing."""
    for left in (2, 1, 0):
        try:
            item = table.read()
            break
        except ControlUnread as error:
            if not left or error.why in ("missing", "invalid"):
                raise
    return f"{item.active_region} {item.state} in epoch {item.epoch}, by a strong read"


def endpoint(host: str) -> str:
    """Ask a Region's own endpoint for its deep health, over TLS."""
    status = http.request("GET", f"https://{host}/health", timeout=2.0).status
    if status != 200:
        raise NotWell(f"https://{host}/health answered {status}.")
    return f"https://{host}/health answered 200"


def certificate(host: str) -> str:
    """Look at the end of the endpoint's certificate."""
    end = http.certificate_end(host, timeout=2.0)
    if end - datetime.now(UTC) < timedelta(days=7):
        raise NotWell(f"The certificate ends on {end:%Y-%m-%d}.")
    return f"ends on {end:%Y-%m-%d}"


def tried(trial: Trial) -> Check:
    """Try one thing. Whatever goes wrong is evidence, not an error of this step."""
    name, is_required, action = trial
    start = time.monotonic()
    try:
        ok, detail = True, action()
    except Exception as error:
        ok, detail = False, f"{type(error).__name__}: {error}"
    return Check(name, is_required, ok, detail, round(time.monotonic() - start, 3))
