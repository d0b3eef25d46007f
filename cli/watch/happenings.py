"""What can happen in a run, one class for each kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass
class Visit:
    """One passage through a state. `depth` counts the Parallel and Map states around it."""

    name: str
    kind: str
    entered_at: datetime
    depth: int = 0
    left_at: datetime | None = None
    # Several where the state was tried again after a failure.
    attempts: int = 1
    errors: list[str] = field(default_factory=list)
    # Whether its last attempt failed.
    failed: bool = False
    # What it asked people, as they got it.
    question: str = ""

    def seconds(self, now: datetime) -> float:
        """Return how long it took, or takes until now."""
        return max(0.0, ((self.left_at or now) - self.entered_at).total_seconds())


@dataclass(frozen=True)
class Entered:
    """A state was entered."""

    visit: Visit
    at: datetime


@dataclass(frozen=True)
class Failed:
    """A task of a state failed. Whether it is tried again or caught, the next event shows."""

    visit: Visit
    at: datetime
    error: str
    cause: str
    # Whether the state had the same failure before.
    again: bool


@dataclass(frozen=True)
class Left:
    """A state was left."""

    visit: Visit
    at: datetime


@dataclass(frozen=True)
class Judged:
    """A decision was made. `changed` are the conditions that differ from the last judgement's."""

    at: datetime
    action: str
    summary: str
    changed: tuple[Mapping[str, Any], ...]
    # How many judgements there were before this one.
    before: int
    # Whether the action is another than that of the last judgement.
    new: bool
    # Names of the required conditions that are not met.
    unmet: tuple[str, ...]


@dataclass(frozen=True)
class Answered:
    """An answer to the request for approval was read."""

    at: datetime
    detail: str


Happening = Entered | Failed | Left | Judged | Answered
