"""Evidence as the steps answered it: what is missing or garbled is empty, and never consent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def part(evidence: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return one part of the evidence, empty where it is missing or garbled."""
    found = evidence.get(name)
    return found if isinstance(found, Mapping) else {}


def parts(part: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return a list of the evidence. What is garbled in it stays, empty: it may not go unseen."""
    found = part.get(name)
    return [p if isinstance(p, Mapping) else {} for p in found] if isinstance(found, list) else []


def failure_of(part: Mapping[str, Any]) -> str | None:
    """Return why a part of the evidence says nothing, or None where it does."""
    if not part:
        return "There is no evidence."
    error = part.get("error")
    if error is None:
        return None
    if isinstance(error, Mapping):
        return f"The step failed: {error.get('Error')}: {error.get('Cause')}"
    return f"The step failed: {error}"
