"""The condition of a rehearsal that rests on the application's declared level."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pilotlight.conditions.condition import Condition, condition
from pilotlight.conditions.evidence import sections
from pilotlight.shared import contract

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pilotlight.conditions.condition import Judged

CONFORMS = "conforms_to_level"
FENCE, JOURNAL = "fence", "journal"


def conforms_to_level(level: int, conformance: Mapping[str, Any]) -> list[Condition]:
    """Judge what was tried of the application. Level 0 promises nothing that could be tried."""
    wanted = [FENCE] if level >= contract.FENCED else []
    wanted += [JOURNAL] if level >= contract.JOURNALED else []
    if not wanted:
        return []
    return [condition(CONFORMS, conformance, partial(_judged, wanted))]


def _judged(wanted: list[str], conformance: Mapping[str, Any]) -> Judged:
    found = {tried.get("name"): tried for tried in sections(conformance, "checks")}
    states = [found.get(name, {}).get("state") for name in wanted]
    detail = " ".join(
        f"{name}: {found.get(name, {}).get('detail', 'it was not tried')}." for name in wanted
    )
    met = all(state == "ok" for state in states)
    return met, detail, met or "failed" in states
