"""Evidence as the steps returned it: what is missing or invalid is empty, and never consent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def section(evidence: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return one section of the evidence, empty if it is missing or no mapping."""
    value = evidence.get(name)
    return value if isinstance(value, Mapping) else {}


def sections(evidence: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return a list of the evidence. An invalid entry stays, empty, so that it is counted."""
    values = evidence.get(name)
    return [section({"": v}, "") for v in values] if isinstance(values, list) else []


def failure_of(section: Mapping[str, Any]) -> str | None:
    """Return why a section of the evidence proves nothing, or None if it does."""
    if not section:
        return "There is no evidence."
    error = section.get("error")
    if error is None:
        return None
    if isinstance(error, Mapping):
        return f"The step failed: {error.get('Error')}: {error.get('Cause')}"
    return f"The step failed: {error}"


def read_json(text: Any, otherwise: Any) -> Any:
    """Read JSON text, or return `otherwise` if it is invalid or of another type."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return otherwise
    return value if isinstance(value, type(otherwise)) else otherwise
