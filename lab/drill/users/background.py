"""Threads that work beside a drill until they are stopped."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Longer than any request of a user or a drill takes.
END_SECONDS = 8.0


class Background:
    """Runs loops, each on a thread of its own. A loop ends once `stopped` is set."""

    def __init__(self, *loops: Callable[[], None]) -> None:
        self.stopped = threading.Event()
        self._threads = [threading.Thread(target=loop, daemon=True) for loop in loops]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and wait for what is on its way. Without a start it does nothing."""
        self.stopped.set()
        for thread in self._threads:
            if thread.ident:
                thread.join(timeout=END_SECONDS)
