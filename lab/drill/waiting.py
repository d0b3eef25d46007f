"""Waits for what a drill has caused to come true."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.control import Control

POLL_SECONDS = 0.2


def within(seconds: float, done: Callable[[], Any]) -> bool:
    """Wait until something is done, and return whether it was in time."""
    end = time.time() + seconds
    while not done():
        if time.time() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def caught_up(lab: Control) -> bool:
    """Return whether nothing waits to be replicated in either direction."""
    links = lab.act("replication")["links"].values()
    return all(link["waiting"] == 0 for link in links)
