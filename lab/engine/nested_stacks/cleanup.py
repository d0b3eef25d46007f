"""The cleanup of an update: what was replaced or removed goes once the root stack is updated.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-monitor-stack.html

MiniStack cleans a stack up when that stack is updated. A nested one waits here for its root, which
may yet fail and need the old resources again.
"""

from __future__ import annotations

import importlib
import logging
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from lab.engine.patching import replace_everywhere, wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.engine.aws import Aws

logger = logging.getLogger(__name__)
PACKAGE = "ministack.services.cloudformation"
# Whether a nested stack is being created or updated here, and not rolled back or deleted.
NESTED: ContextVar[bool] = ContextVar("nested", default=False)
_PENDING: ContextVar[list[Callable[[], None]] | None] = ContextVar("pending", default=None)


def install(aws: Aws) -> None:
    """Let nested stacks leave their cleanup to the operation of their root."""
    stacks: Any = importlib.import_module(f"{PACKAGE}.stacks")
    wrap(stacks, "_delete_resource")(_unless_nested)

    @wrap(aws.provisioners, "_delete_predecessor")
    def delete_predecessor(original: Any, delete: Any, *args: Any, **options: Any) -> None:
        original(partial(_unless_nested, delete), *args, **options)

    deploy = stacks._deploy_stack_async

    async def _deploy_stack_async(name: str, *args: Any, **options: Any) -> None:
        if _PENDING.get() is not None:
            await deploy(name, *args, **options)
            return
        pending: list[Callable[[], None]] = []
        _PENDING.set(pending)
        await deploy(name, *args, **options)
        await _clean_up(importlib.import_module(PACKAGE)._stacks[name], pending)

    replace_everywhere(PACKAGE, deploy, _deploy_stack_async)


def _unless_nested(delete: Callable[..., None], *args: Any, **options: Any) -> None:
    """Delete at once, or leave it to the root's operation."""
    pending = _PENDING.get()
    if NESTED.get() and pending is not None:
        pending.append(partial(delete, *args, **options))
    else:
        delete(*args, **options)


async def _clean_up(root: dict[str, Any], pending: list[Callable[[], None]]) -> None:
    """Delete what nested stacks left, in their order, if the root was updated.

    A deletion that fails is logged and fails nothing, as on AWS.
    """
    if not pending or root["StackStatus"] != "UPDATE_COMPLETE":
        return
    on_thread: Any = importlib.import_module("ministack.core.concurrency").run_reentrant
    root["StackStatus"] = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    for delete in pending:
        try:
            await on_thread(delete)
        except Exception:
            logger.exception("Cleanup of %s", root["StackName"])
    root["StackStatus"] = "UPDATE_COMPLETE"
