"""A check of what a drill saw, and how checks are run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class CheckResult:
    """One check and what it saw."""

    name: str
    passed: bool
    detail: str


# Whether the check passed, and the detail.
Result = tuple[bool, str]
Seen = TypeVar("Seen")


def run_checks(drill: Seen, checks: Sequence[Callable[[Seen], Result]]) -> list[CheckResult]:
    """Return the result of each check. A check without anything to judge fails."""
    return [CheckResult(check.__name__, *check(drill)) for check in checks]
