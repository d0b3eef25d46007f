"""Deployments as on AWS: each resource takes its time, any may fail, and a failed stack stays."""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING, Any

from lab.engine.patching import wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.engine.clock import Clock

CANNOT_BE_UPDATED = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}


class Deployments:
    """How many of AWS's seconds the creation of a resource takes, and which resources fail.

    MiniStack creates resources one after the other, and on the engine's event loop where they take
    no time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seconds = 0.0
        self._failing: frozenset[str] = frozenset()

    def set(self, seconds: float = 0.0, failing: Sequence[str] = ()) -> dict[str, Any]:
        """Set both. `failing` has logical ids, of any stack."""
        self._seconds, self._failing = float(seconds), frozenset(failing)
        return {"seconds": self._seconds, "failing": sorted(self._failing)}

    def install(self) -> None:
        """Stand before every creation of a stack's resource, and before every change set."""
        self._creations()
        _change_sets()

    def _creations(self) -> None:
        stacks = importlib.import_module("ministack.services.cloudformation.stacks")

        @wrap(stacks, "_runs_on_worker_thread")
        def may_block(original: Any, resource_type: str) -> bool:
            return self._seconds > 0 or bool(original(resource_type))

        @wrap(stacks, "_provision_resource")
        def create(original: Any, resource_type: str, logical_id: str, *more: Any) -> Any:
            if self._seconds:
                time.sleep(self._clock.real(self._seconds))
            if logical_id in self._failing:
                raise ValueError("The lab lets this resource fail.")
            return original(resource_type, logical_id, *more)


def _change_sets() -> None:
    """Let nothing update a stack whose creation failed, which MiniStack would create again."""
    handlers = importlib.import_module("ministack.services.cloudformation.handlers")
    actions = handlers._ACTION_HANDLERS
    create_change_set = actions["CreateChangeSet"]

    def create(params: dict[str, Any]) -> Any:
        stack = handlers._resolve_stack(handlers._p(params, "StackName"))
        if stack and stack["StackStatus"] in CANNOT_BE_UPDATED:
            message = f"is in {stack['StackStatus']} state and can not be updated."
            return handlers._error("ValidationError", f"Stack:{stack['StackId']} {message}")
        return create_change_set(params)

    actions["CreateChangeSet"] = create
