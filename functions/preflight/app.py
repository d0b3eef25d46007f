"""Preflight: looks at both Regions before a planned move, tries the target, and warms it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from pilotlight.readiness.checks import run
from pilotlight.readiness.verdict import evidence
from pilotlight.shared import timestamps
from pilotlight.shared.aws_clients import client
from pilotlight.shared.other_region import client_of, ping_client_of
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment, required
from pilotlight.switchover.preflight import Preflight
from pilotlight.warming import pings
from pilotlight.warming.waves import SHOWN, name, summary

logger, tracer = Logger(), Tracer()
# No wave begins later than this. The move waits for it, and cold functions serve too.
BUDGET = timedelta(seconds=6)


def look(move: Preflight) -> dict[str, Any]:
    """Return what is to be seen of both Regions."""
    return move.look()


def try_target(move: Preflight) -> dict[str, Any]:
    """Return the verdict `ready` or `not_ready` over the target, with every check."""
    checks = move.target_checks(required("APP_FUNCTION"))
    with ThreadPoolExecutor(len(checks)) as pool:
        return evidence(list(pool.map(run, checks)), timestamps.now())


def warm(move: Preflight) -> dict[str, Any]:
    """Force execution environments into being in the target, and return what is proven."""
    more = pings.listed(client("dynamodb"), required("RECOVERIES_TABLE"))
    # By name and alias, which are the same in both Regions.
    functions = list(dict.fromkeys(name(f) for f in [*more, *required("WARM_TARGETS").split(",")]))
    there, wanted = ping_client_of(move.target), int(required("WARM_CONCURRENCY"))
    proven = pings.warm(there, functions, wanted, datetime.now(UTC) + BUDGET)
    return {**summary(proven, SHOWN), "planned": len(functions)}


STEPS = {"look": look, "target": try_target, "warm": warm}


@recovery_step(logger, tracer)
def lambda_handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Do the step `look`, `target` or `warm` of a move from `source` to `target`."""
    step = event.get("step")
    if step not in (*STEPS, "handed_over"):
        raise ValueError(f"The step {step!r} is none of {', '.join(STEPS)}, handed_over.")
    known = Deployment.from_environment()
    for end in ("source", "target"):
        if event.get(end) not in (known.primary_region, known.secondary_region):
            raise ValueError(f"The {end} {event.get(end)!r} is no Region of this deployment.")
    move = Preflight(
        known, event["source"], event["target"], client_of, required("RECOVERIES_TABLE")
    )
    after = step == "handed_over"
    found = move.handed_over(int(event["epoch"])) if after else STEPS[step](move)
    logger.info("Preflight step done", extra={"step": step, "found": found})
    return found
