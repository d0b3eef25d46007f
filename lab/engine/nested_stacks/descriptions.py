"""Descriptions of stacks name the parent and the root of nested ones."""

from __future__ import annotations

import importlib
from typing import Any

from lab.engine.nested_stacks.cleanup import PACKAGE


def install() -> None:
    """Add both to the answers that MiniStack gives without them."""
    for action in ("DescribeStacks", "ListStacks"):
        _name_parents(action)


def _name_parents(action: str) -> None:
    cloudformation: Any = importlib.import_module(PACKAGE)
    describe = cloudformation._ACTION_HANDLERS[action]

    def described(params: dict[str, Any]) -> Any:
        status, headers, body = describe(params)
        for stack in list(cloudformation._stacks.values()):
            if "ParentId" in stack:
                own = f"<StackId>{stack['StackId']}</StackId>"
                parents = "".join(f"<{k}>{stack[k]}</{k}>" for k in ("ParentId", "RootId"))
                body = body.replace(own.encode(), f"{own}{parents}".encode())
        return status, headers, body

    cloudformation._ACTION_HANDLERS[action] = described
