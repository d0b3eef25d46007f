"""Small stand-ins for MiniStack's modules, and ways to run asynchronous code without a loop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from lab.config import LabConfig
from lab.engine.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

PRIMARY, SECONDARY, VIRGINIA = "us-west-2", "us-east-2", "us-east-1"
CONFIG = LabConfig(
    app_name="pilot-light",
    primary_region=PRIMARY,
    secondary_region=SECONDARY,
    zone_name="pilotlight.example",
    hosted_zone_id="Z1",
    public_label="app",
    state_dir="nowhere",
    config_envs=("secondary-first", "primary", "secondary", "monitor"),
)


class FakeAws:
    """The parts of `Aws` that a test furnishes. A request has a Region, as in MiniStack."""

    def __init__(self, **parts: Any) -> None:
        self.config = CONFIG
        self.clock = Clock()
        self._scope = threading.local()
        self.__dict__.update(parts)

    def region(self) -> str:
        return getattr(self._scope, "region", PRIMARY)

    def within(self, region: str, action: Callable[..., Any], *args: Any) -> Any:
        before, self._scope.region = self.region(), region
        try:
            return action(*args)
        finally:
            self._scope.region = before


class Anything:
    """A module of which only the attributes that are set exist."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("It waits for something.")


def eventually(happened: Callable[[], Any], seconds: float = 5) -> bool:
    """Wait until something has happened in another thread."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if happened():
            return True
        pause.wait(0.01)
    return False
