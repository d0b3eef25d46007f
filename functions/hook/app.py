"""Hook: calls the adopter's function at a phase of a run."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pilot_light_client.settings import variable
from pilotlight.hooks.call import call, client_of, try_permission
from pilotlight.hooks.hook import CHECK, read_hooks
from pilotlight.shared.recovery_step import recovery_step
from pilotlight.shared.settings import Deployment

logger = Logger()
DEPLOYMENT = Deployment.from_environment()
HOOKS = variable("HOOKS", read_hooks)
for hook in HOOKS.values():
    client_of(hook.timeout)


def payload_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return what a hook gets (docs/hooks.md)."""
    target, pair = event["target"], (DEPLOYMENT.primary_region, DEPLOYMENT.secondary_region)
    (source,) = set(pair) - {target}
    kept = {name: event[name] for name in ("phase", "mode", "execution", "reason")}
    return kept | {"regions": {"from": source, "to": target}}


@recovery_step(logger)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Call the hook of the event's phase, if it has one in this mode, and return the result.

    With the mode `check` the hook is not called: the result is whether it could be.
    """
    hook = HOOKS.get(event["phase"])
    if hook is not None and event["mode"] == CHECK:
        return try_permission(client_of(hook.timeout), hook)
    if hook is None or event["mode"] not in hook.modes:
        return {"called": False, "ok": True}
    result = call(client_of(hook.timeout), hook, payload_of(event))
    if result["ok"]:
        logger.info("Hook called", extra={"phase": hook.phase, "result": result})
    else:
        logger.warning("Hook failed", extra={"phase": hook.phase, "result": result})
    return result
