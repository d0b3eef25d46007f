"""Where lines go: above a line that changes on a terminal, or one after the other elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cli.watch import screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from types import TracebackType

    from rich.console import Console

    from cli.watch.lines import Line

# Without a terminal nothing moves: a line now and then shows that the watch goes on.
STILL_SECONDS = 60.0


class View:
    """The output of a watch. `waits` and `live` say what is waited for at the moment."""

    def __init__(
        self,
        out: Console,
        waits: Callable[[], tuple[str, str, bool]],
        live: Callable[[], Any],
    ) -> None:
        self.out = out
        self._waits = waits
        self._live: Any = None
        if out.is_terminal:
            from rich.live import Live

            self._live = Live(get_renderable=live, console=out, transient=True)
        self._waited_for = ""
        self._problem = ""
        self._printed_at = time.monotonic()

    def __enter__(self) -> View:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def print_lines(self, lines: Iterable[Line], started: datetime | None) -> None:
        """Print lines."""
        for line in lines:
            self._print(screen.line(line, started))

    def print_text(self, text: str) -> None:
        """Print a line that has no state."""
        self._print(text)

    def tick(self, problem: str) -> None:
        """Say, where no line at the bottom does, what is waited for and what is silent."""
        if self._live:
            return
        if problem != self._problem and problem:
            self._print(f"Not read: {problem}")
        self._problem = problem
        state, text, for_people = self._waits()
        still = time.monotonic() - self._printed_at >= STILL_SECONDS
        if text and (still or (for_people and state != self._waited_for)):
            self._print(f"… {text}")
        self._waited_for = state if for_people else self._waited_for

    def _print(self, what: Any) -> None:
        self.out.print(what)
        self._printed_at = time.monotonic()
