"""The definitions of the state machines, read as CloudFormation reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


def read(text: str, substitutions: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a definition: its substitutions are made in the text, which is parsed afterwards."""
    for key, value in (substitutions or {}).items():
        text = text.replace(f"${{{key}}}", str(value))
    machine: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return machine


def inner(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the branches of a Parallel state, and the item processor of a Map."""
    return [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]


def states(machine: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return all states by name, those of branches and item processors included."""
    found = {}
    for name, state in machine["States"].items():
        found[name] = state
        for part in inner(state):
            found |= states(part)
    return found
