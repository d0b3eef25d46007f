"""What happens in the engine, and when, on the wall clock."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

MOST = 100_000


class Journal:
    """The newest entries of one kind, in order."""

    def __init__(self) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=MOST)

    def add(self, entry: dict[str, Any]) -> None:
        """Add an entry of this moment."""
        self.entries.append({"at": time.time(), **entry})

    def note(self, what: str, state: str) -> None:
        """Add a change."""
        self.add({"what": what, "state": state})

    def since(self, since: float = 0) -> list[dict[str, Any]]:
        """Return the entries from a moment on."""
        return [entry for entry in list(self.entries) if entry["at"] >= since]
