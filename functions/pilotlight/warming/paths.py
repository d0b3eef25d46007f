"""Warming by requests: how many of them a path of the application answered.

For functions that answer no pings. An answer names no environment, so nothing is proven: requests
that are sent side by side usually start as many where nothing runs yet, and may share one where
something does.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Requested:
    """One path: requests that were to be sent, and those that were answered below 400."""

    path: str
    requested: int
    answered: int = 0
    why: str = ""

    @property
    def short(self) -> int:
        """Requests without such an answer."""
        return self.requested - self.answered


def is_path(target: str) -> bool:
    """Return whether what is to be warmed is a path. No function's name begins so."""
    return target.startswith("/")


def counted(path: str, outcomes: Sequence[int | str]) -> Requested:
    """Count the outcomes of a path's requests, each a status or why there is none.

    What refuses a request, as an authorizer does, has started no function behind it.
    """
    answered = sum(isinstance(o, int) and o < 400 for o in outcomes)
    others = Counter(
        f"answered {o}" if isinstance(o, int) else o
        for o in outcomes
        if not isinstance(o, int) or o >= 400
    )
    why = f"{others.most_common(1)[0][0]}" if others else ""
    return Requested(path, len(outcomes), answered, why)
