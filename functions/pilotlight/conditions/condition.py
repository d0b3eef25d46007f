"""Conditions, each with its reason, and what is decided on them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pilotlight.conditions.evidence import failure_of, sections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    # Whether a condition is met, why, and whether that could be observed (if left out: yes).
    Judged = tuple[bool, str] | tuple[bool, str, bool]


@dataclass(frozen=True)
class Condition:
    """What a decision needs, and whether it is met."""

    name: str
    required: bool
    met: bool
    detail: str
    # False: nobody knows. Such a condition is not met, and holds a failover like any other.
    observed: bool = True


@dataclass(frozen=True)
class Decision:
    """What to do, and on what grounds."""

    action: str
    conditions: tuple[Condition, ...]
    summary: str

    @property
    def unmet(self) -> list[str]:
        """Names of the required conditions that are not met."""
        return [c.name for c in unmet(self.conditions)]

    def as_dict(self) -> dict[str, Any]:
        """Return the decision as the state machine keeps it."""
        conditions = [asdict(c) for c in self.conditions]
        return {**asdict(self), "conditions": conditions, "unmet": self.unmet}


def unmet(conditions: Iterable[Condition]) -> list[Condition]:
    """Return the required conditions that are not met."""
    return [c for c in conditions if c.required and not c.met]


def reasons(conditions: Iterable[Condition]) -> str:
    """Return each required condition that is not met, with the reason."""
    return " ".join(f"{c.name}: {c.detail}" for c in unmet(conditions))


def condition(
    name: str,
    section: Mapping[str, Any],
    judge: Callable[[Mapping[str, Any]], Judged],
    *,
    required: bool = True,
) -> Condition:
    """Judge a section of the evidence. One that proves nothing leaves its condition unmet."""
    failure = failure_of(section)
    if failure:
        return Condition(name, required, met=False, detail=failure, observed=False)
    return Condition(name, required, *judge(section))


def ready(readiness: Mapping[str, Any]) -> Judged:
    """Judge the checks of a Region that is to serve. Only required ones veto."""
    checks = sections(readiness, "checks")
    failed = [c for c in checks if c.get("ok") is not True]
    vetoes = [c for c in failed if c.get("required") is not False]
    named = ", ".join(f"{c.get('name')} ({c.get('detail')})" for c in vetoes or failed)
    detail = f"{len(checks) - len(failed)} checks passed."
    if vetoes:
        detail = f"Not ready: {named}."
    elif failed:
        detail += f" Advisory ones failed: {named}."
    met = readiness.get("verdict") == "ready" and bool(checks) and not vetoes
    return met, detail, met or any(c.get("ok") is False for c in vetoes)


def warm(warming: Mapping[str, Any]) -> Judged:
    """Judge whether all environments that were planned are proven, and all requests answered."""
    keys = ("planned", "planned_paths", "functions", "requested", "environments")
    counts = [warming.get(k) for k in keys]
    if not all(isinstance(c, int) and not isinstance(c, bool) for c in counts):
        return False, "No warm ping has reported the execution environments."
    planned, planned_paths, functions, requested, environments = counts
    if not planned and not planned_paths and warming.get("ok") is True:
        return True, "The contract names nothing to warm."
    answered, of_paths = _answered(warming, planned_paths)
    if not planned:
        return answered and warming.get("ok") is True, of_paths
    targets = [t for t in sections(warming, "targets") if t]
    short = [t for t in targets if t.get("environments") != t.get("requested")]
    named = ", ".join(
        f"{t.get('function')}: {t.get('environments')} of {t.get('requested')}"
        for t in (short or targets)[:5]
    )
    detail = (
        f"{environments} of {requested} execution environments are proven, in {functions} of "
        f"{planned} functions{f' ({named})' if named else ''}."
    )
    met = warming.get("ok") is True and functions == planned and environments == requested
    return met and answered, f"{detail} {of_paths}".strip()


def _answered(warming: Mapping[str, Any], planned: Any) -> tuple[bool, str]:
    """Judge whether every request to the paths was answered. That proves no environment."""
    paths = [p for p in sections(warming, "paths") if p]
    short = [p for p in paths if not p.get("answered") or p["answered"] != p.get("requested")]
    met = len(paths) == planned and not short
    if not planned:
        return met, ""
    named = ", ".join(
        f"{p.get('path')}: {p.get('answered')} of {p.get('requested')} requests were answered"
        for p in [*short, *(p for p in paths if p not in short)][:5]
    )
    return met, f"{len(paths)} of {planned} paths were requested{f' ({named})' if named else ''}."
