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
    definition: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return definition
