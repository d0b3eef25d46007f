"""A check of what a drill saw, and how checks are run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Check:
    """One check and what it saw."""

    name: str
    passed: bool
    detail: str


Judgement = tuple[bool, str]


Seen = TypeVar("Seen")


def checks(seen: Seen, judges: Sequence[Callable[[Seen], Judgement]]) -> list[Check]:
    """Return every check. One without anything to judge has failed."""
    return [Check(judge.__name__, *judge(seen)) for judge in judges]
