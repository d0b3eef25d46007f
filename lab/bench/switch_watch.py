"""Asks the Secondary's switch until it says on, to tell its function's own second from Route 53's.

The function holds the control item for up to a second, which the lab's speed does not divide; the
checkers' interval after it is AWS's. Only the switch itself knows where the one ends.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import urllib3

from lab.drill.traffic import Https

if TYPE_CHECKING:
    from lab.config import LabConfig

PAUSE = 0.05


class SwitchWatch:
    """Watches the switch, from the alarm until it is on."""

    def __init__(self, config: LabConfig) -> None:
        self.on_at: float | None = None
        self._region = config.secondary_region
        self._host = f"{config.secondary_region}.{config.zone_name}"
        self._https = Https(config)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin to ask."""
        self.on_at = None
        self._stop.clear()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop asking; what was seen stays until it begins anew."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=5)

    def _ask(self) -> None:
        while not self._stop.wait(PAUSE):
            try:
                answer = self._https.request(self._region, self._host, "GET", "/switch/on")
            except (urllib3.exceptions.HTTPError, OSError):
                continue
            if answer.status == 200:
                self.on_at = time.time()
                return
