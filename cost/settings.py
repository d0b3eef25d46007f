"""What a caller may change: settings of the deployment, and other assumptions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

Checks = Literal["as-deployed", "fast", "slow"]
Without = Literal[
    "check-traces",
    "method-metrics",
    "platform-logs",
    "dashboard",
    "second-check",
    "monitor-key",
]
# Resources that a setting leaves out, of one role's stack or of any.
LEFT_OUT: dict[Without, tuple[str | None, frozenset[str]]] = {
    "dashboard": (None, frozenset({"Dashboard"})),
    "second-check": (None, frozenset({"AlarmHealthCheck"})),
    "monitor-key": ("Monitor", frozenset({"TopicKey", "TopicKeyAlias"})),
}
SECONDS: dict[Checks, int | None] = {"as-deployed": None, "fast": 10, "slow": 30}


def left_out(role: str, without: frozenset[Without]) -> set[str]:
    """Return the resources that a stack lacks under some settings."""
    chosen = (LEFT_OUT[name] for name in without if name in LEFT_OUT)
    return {r for of, resources in chosen if of in (None, role) for r in resources}


@dataclass(frozen=True)
class Settings:
    """How the computed deployment differs from the template's own."""

    checks: Checks = "as-deployed"
    intervals: dict[str, int] = field(default_factory=dict)
    without: frozenset[Without] = frozenset()
    parameters: dict[str, str] = field(default_factory=dict)
    assumptions: dict[str, float] = field(default_factory=dict)
    free_allowances: bool = False

    def interval(self, check: str, deployed: int) -> int:
        """Return the seconds between two requests of one checker of a health check."""
        return self.intervals.get(check, SECONDS[self.checks] or deployed)

    def changed(self, **changes: Any) -> Settings:
        """Return a copy with changes; what was left out before stays left out."""
        if "without" in changes:
            changes["without"] = self.without | frozenset(changes["without"])
        for merged in ("intervals", "parameters", "assumptions"):
            if merged in changes:
                changes[merged] = {**getattr(self, merged), **changes[merged]}
        return replace(self, **changes)
