"""What a person sees while the lab works: each step, how long it took, and how it ended."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# `make` and pipes give no terminal: then each line is printed once, when its step ends.
console = Console(highlight=False)


def print_checks(to: Console, checks: Iterable[Mapping[str, Any]]) -> None:
    """Print each check of a report: whether it passed, its name, and the detail."""
    to.print()
    for check in checks:
        mark = "[green]✓[/]" if check["passed"] else "[red]✗[/]"
        name = check["name"].replace("_", " ")
        to.print(f"{mark} {name}: [dim]{escape(check['detail'])}[/]", soft_wrap=True)


def verdict_of(*, passed: bool) -> str:
    """Return the verdict in colour."""
    return "[bold green]PASS[/]" if passed else "[bold red]FAIL[/]"


class Progress:
    """Prints steps. On a terminal, the one that runs is shown with its seconds."""

    def __init__(self, to: Console = console) -> None:
        self._console = to
        self._start = time.monotonic()
        self._status: Status | None = None

    @contextmanager
    def step(self, what: str) -> Iterator[Progress]:
        """Show a step while it runs; what `say` is given stands beside it."""
        begun = time.monotonic()
        status = Status(escape(what), console=self._console)
        self._status = status
        try:
            with status:
                yield self
        except BaseException:
            self._line("[red]✗[/]", what, begun)
            raise
        finally:
            self._status = None
        self._line("[green]✓[/]", what, begun)

    def say(self, what: str) -> None:
        """Change what stands beside the running step."""
        if self._status:
            self._status.update(escape(what))

    def event(self, what: str) -> None:
        """Print something that happened."""
        self._line("[cyan]•[/]", what, None)

    def _line(self, mark: str, what: str, begun: float | None) -> None:
        now = time.monotonic()
        took = f" [dim]{now - begun:.1f} s[/]" if begun else ""
        self._console.print(f"[dim]{now - self._start:6.1f}[/] {mark} {escape(what)}{took}")
