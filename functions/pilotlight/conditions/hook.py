"""The condition that rests on the adopter's own answer: the hook `ready`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pilotlight.conditions.condition import Condition
from pilotlight.conditions.evidence import failure_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.hooks.hook import Hook

HOOK = "hook_ready"


def hook_ready(
    hook: Hook | None, mode: str, result: Mapping[str, Any], *, overridden: bool = False
) -> list[Condition]:
    """Judge what the hook answered. There is no condition where no hook is called.

    A hook that fails or hangs was observed: a failover would hold for it.
    """
    if hook is None or mode not in hook.modes:
        return []
    required = hook.required and not overridden
    if result.get("called") is not True:
        detail = failure_of(result) or f"{hook.function} was not called."
        return [Condition(HOOK, required, met=False, detail=detail, observed=False)]
    if result.get("ok") is True:
        detail = f"{hook.function} answered {result.get('answer')} in {result.get('seconds')} s."
        return [Condition(HOOK, required, met=True, detail=detail)]
    detail = f"{hook.function}: {result.get('error', 'its answer is missing')}."
    return [Condition(HOOK, required, met=False, detail=detail)]
