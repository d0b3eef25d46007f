"""Conditions, each with its reason, and what is decided on them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pilotlight.conditions.evidence import failure_of, parts
from pilotlight.warming.waves import judged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Condition:
    """One condition of a promotion."""

    name: str
    required: bool
    met: bool
    detail: str
    # An unmet condition that was observed is known to be unmet. Both hold a failover.
    observed: bool = True


@dataclass(frozen=True)
class Judgement:
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
        return {
            "action": self.action,
            "conditions": [asdict(c) for c in self.conditions],
            "unmet": self.unmet,
            "summary": self.summary,
        }


def unmet(conditions: Iterable[Condition]) -> list[Condition]:
    """Return the required conditions that are not met."""
    return [c for c in conditions if c.required and not c.met]


def reasons(conditions: Iterable[Condition]) -> str:
    """Say of each required condition that is not met why it is not."""
    return " ".join(f"{c.name}: {c.detail}" for c in unmet(conditions))


def ready(part: Mapping[str, Any], name: str) -> Condition:
    """Judge the checks of a Region that is to serve. Only required ones veto."""
    failure = failure_of(part)
    if failure:
        return Condition(name, required=True, met=False, detail=failure, observed=False)
    checks = parts(part, "checks")
    failed = [c for c in checks if c.get("ok") is not True]
    vetoes = [c for c in failed if c.get("required") is not False]
    named = ", ".join(f"{c.get('name')} ({c.get('detail')})" for c in vetoes or failed)
    detail = f"{len(checks) - len(failed)} checks passed."
    if vetoes:
        detail = f"Not ready: {named}."
    elif failed:
        detail += f" Advisory ones failed: {named}."
    met = part.get("verdict") == "ready" and bool(checks) and not vetoes
    known = met or any(c.get("ok") is False for c in vetoes)
    return Condition(name, required=True, met=met, detail=detail, observed=known)


def warm(part: Mapping[str, Any], name: str) -> Condition:
    """Judge what warming proved. It is never required."""
    failure = failure_of(part)
    if failure:
        return Condition(name, required=False, met=False, detail=failure, observed=False)
    met, detail = judged(part)
    return Condition(name, required=False, met=met, detail=detail)
