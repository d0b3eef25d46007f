"""Which runtimes the lab has. A function of another one fails its deployment, with the remedy."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

from lab.engine.lambda_workers.node_environments import NODE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.engine.aws import Aws

FUNCTION = "AWS::Lambda::Function"
OLDEST_NODE = 20
_KNOWN = re.compile(r"python3\.\d+|nodejs\d+\.x|provided(\.al2|\.al2023)?")


def install(aws: Aws) -> None:
    """Check the runtime before a stack creates or updates a function."""
    registry = aws.provisioners._RESOURCE_HANDLERS
    create, update = registry[FUNCTION]["create"], registry[FUNCTION]["update"]

    def create_checked(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        check(properties)
        return create(logical_id, properties, stack)

    def update_checked(
        physical_id: str, old: Any, new: dict[str, Any], *more: Any, **options: Any
    ) -> Any:
        check(new)
        return update(physical_id, old, new, *more, **options)

    registry[FUNCTION] = {**registry[FUNCTION], "create": create_checked, "update": update_checked}


def check(properties: Mapping[str, Any]) -> None:
    """Check the properties of a function.

    Raises
    ------
    ValueError
        The lab cannot run it. The text names why, and the remedy.
    """
    if properties.get("PackageType") == "Image" or "ImageUri" in properties.get("Code", {}):
        raise ValueError(
            "The lab runs no container images, because it needs no Docker. "
            "Package the function as a .zip file to run it here."
        )
    runtime = str(properties.get("Runtime", ""))
    if problem := problem_with(runtime):
        raise ValueError(problem)


def problem_with(runtime: str) -> str | None:
    """Return why the lab cannot run functions of a runtime, with the remedy, or None."""
    if not _KNOWN.fullmatch(runtime):
        return (
            f"The lab does not run {runtime or 'functions without a runtime'}: it has python3.x, "
            "nodejs20.x and later, and provided.al2023. Leave the function out of what you deploy "
            "here, or package it for provided.al2023."
        )
    return _problem_with_node(runtime) if runtime.startswith("nodejs") else None


def _problem_with_node(runtime: str) -> str | None:
    found = node_version()
    remedy = (
        f"Install Node.js {OLDEST_NODE} or later (https://nodejs.org), so that `{NODE} --version` "
        "answers, and start the lab again."
    )
    if found is None:
        return f"{runtime} needs Node.js, and there is no `{NODE}` on the PATH. {remedy}"
    if found < OLDEST_NODE:
        return f"{runtime} needs Node.js {OLDEST_NODE} or later, and `{NODE}` is {found}. {remedy}"
    return None


@cache
def node_version() -> int | None:
    """Return the major version of the machine's own Node.js, or None where there is none."""
    if shutil.which(NODE) is None:
        return None
    asked = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"v(\d+)\.", asked.stdout)
    return int(match[1]) if match else None
