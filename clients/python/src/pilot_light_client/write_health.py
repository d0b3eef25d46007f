"""Whether every recent write failed because of the table: reads alone do not show it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WINDOW_SECONDS = 15.0
# One failed write may be bad luck, and a health check that fails moves users.
LEAST_FAILURES = 2


class WriteHealth:
    """The outcomes of an execution environment's writes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: list[float] = []

    @contextmanager
    def watching(self, *failures: type[Exception]) -> Iterator[None]:
        """Count a write as failed if it raises one of these, as made if it raises nothing."""
        try:
            yield
        except failures:
            self._failed.append(self._clock())
            raise
        self._failed.clear()

    def all_failed(self) -> bool:
        """Return whether at least two writes of the last 15 s failed, and none was made."""
        since = self._clock() - WINDOW_SECONDS
        self._failed = [at for at in self._failed if at >= since]
        return len(self._failed) >= LEAST_FAILURES
