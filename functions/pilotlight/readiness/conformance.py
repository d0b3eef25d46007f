"""The conformance part of a rehearsal: tries whether the passive Region refuses writes.

A rehearsal does not write as a user does; `lab conform` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilot_light_client import http

from pilotlight.shared import contract

if TYPE_CHECKING:
    from pilotlight.control.table import ControlTable
    from pilotlight.readiness.verdict import Outcome
    from pilotlight.shared.settings import Deployment

SECONDS = 4.0


def fenced(deployment: Deployment, control: ControlTable) -> Outcome:
    """Ask the application whether it takes writes here, which only the active Region may.

    Raises
    ------
    ControlUnread
        Whether this Region is active is unknown.
    Unreachable
        The application did not answer.
    """
    here, level = deployment.region, contract.in_words(deployment.level)
    item = control.read()
    active = item.active_region == here and item.state == "serving"
    url = f"{deployment.health_url(deployment.region_name(here))}?for=writes"
    status = http.request("GET", url, timeout=SECONDS).status
    if (status == 200) == active:
        return "ok", f"{url} answered {status}, as the control item says"
    if active:
        return "failed", f"{here} is active, and {url} answered {status}: it takes no writes"
    return "failed", (
        f"{here} is passive, and {url} answered 200: the application would take writes here. The "
        f"declared {level}, is not met"
    )
