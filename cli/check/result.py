"""What a check is, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

State = Literal["ok", "failed", "unknown"]


class Outcome(NamedTuple):
    """What was found, and what to do if it is not ok."""

    state: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class CheckResult:
    """What one check found. `where` is a Region, a stack, or empty."""

    name: str
    where: str
    state: State
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class Check:
    """One check, with the permissions that its calls need."""

    name: str
    where: str
    permissions: tuple[str, ...]
    run: Callable[[], Outcome]

    def result(self, outcome: Outcome) -> CheckResult:
        """Return a result of this check."""
        return CheckResult(self.name, self.where, *outcome)
