"""Whether the table takes writes: reads alone do not show it, and few users may be writing."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# For how long a write speaks for the next, failed or made.
WINDOW_SECONDS = 15.0
# One failed write of a user may be bad luck, and a health check that fails moves users.
LEAST_FAILURES = 2


class WriteHealth:
    """The outcomes of an execution environment's writes, and its own attempts where there are none.

    Parameters
    ----------
    attempt
        Sends a write that changes nothing, such as one whose condition is never true, and raises
        whatever keeps the table from taking it. Called by `failing` only.
    """

    def __init__(
        self, attempt: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._attempt = attempt
        self._clock = clock
        self._failed: list[float] = []
        self._trusted_until = float("-inf")

    @contextmanager
    def watching(self, *failures: type[Exception]) -> Iterator[None]:
        """Count a write as failed if it raises one of these, as made if it raises nothing."""
        try:
            yield
        except failures:
            self._failed.append(self._clock())
            self._trusted_until = float("-inf")
            raise
        self._failed.clear()
        self._trust()

    def failing(self) -> str | None:
        """Return why writes count as failing, or None.

        They do if at least two of the last 15 s failed and none was made since, or if the table
        takes no attempt. One is made if none was taken, and no write made, in the last 15 s.
        """
        now = self._clock()
        self._failed = [at for at in self._failed if at >= now - WINDOW_SECONDS]
        if len(self._failed) >= LEAST_FAILURES:
            return f"each of the last {len(self._failed)} writes failed"
        if now >= self._trusted_until:
            try:
                self._attempt()
            except Exception as error:
                return str(error)
            self._trust()
        return None

    def _trust(self) -> None:
        self._trusted_until = self._clock() + WINDOW_SECONDS
