"""The plane of an action: looked up in planes.toml, never guessed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

DATA = Path(__file__).with_name("planes.toml")


@dataclass(frozen=True)
class Plane:
    """The plane of an action, and its source."""

    plane: Literal["control", "data"]
    source: str
    stated: bool
    note: str = ""
    only_at: str = ""


class UnknownAction(Exception):
    """planes.toml does not classify the action."""


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(DATA.read_text())


@cache
def _known() -> dict[str, Plane]:
    return {
        name: Plane(**{k: v for k, v in group.items() if k != "names"})
        for group in _document()["actions"]
        for name in group["names"]
    }


def of(action: str) -> Plane:
    """Return the plane of an IAM action.

    Raises
    ------
    UnknownAction
        It is not in planes.toml.
    """
    try:
        return _known()[action]
    except KeyError:
        raise UnknownAction(
            f"{action} has no plane in planes.toml. Look it up, and add it with a source."
        ) from None


def spared(role: str, action: str, region: str, secondary: str) -> str:
    """Return why the path goes on without a call; empty where it does not."""
    for group in _document()["spared"]:
        of_region = secondary if group["region"] == "secondary" else group["region"]
        if role in group["roles"] and action in group["actions"] and region == of_region:
            return str(group["why"])
    return ""


def action_of(service: str, operation: str) -> str:
    """Return the IAM action of an operation of a record of calls."""
    called = f"{service}:{operation}"
    return str(_document()["operations"].get(called, called))
