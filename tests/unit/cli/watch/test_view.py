"""Where lines go: on a terminal one line moves, elsewhere none does."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from cli.watch import view
from cli.watch.lines import Line
from cli.watch.view import STILL_SECONDS, View
from tests.unit.cli.watch.made_up_run import START

if TYPE_CHECKING:
    from collections.abc import Callable

LINE = Line(START, "Claim", "claims")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    passed = [0.0]
    begun = time.monotonic()
    monkeypatch.setattr(view.time, "monotonic", lambda: begun + passed[0])

    def pass_by(seconds: float) -> None:
        passed[0] += seconds

    return pass_by


def made(*, terminal: bool, for_people: bool = False) -> tuple[View, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=terminal, color_system=None)
    waits: Any = lambda: ("Claim", "Claim waits", for_people)  # noqa: E731
    return View(console, waits, lambda: "the line at the bottom"), out


def test_on_a_terminal_a_line_at_the_bottom_goes_when_the_watch_ends() -> None:
    shown, out = made(terminal=True)
    with shown:
        shown.print_lines([LINE], START)
        shown.tick("silent")
    text = out.getvalue()
    assert "the line at the bottom" in text
    assert "claims" in text
    assert "Claim waits" not in text
    # The cursor is back, and the line is erased.
    assert "\x1b[?25h" in text
    assert "\x1b[2K" in text.rpartition("the line at the bottom")[2]


def test_elsewhere_nothing_moves_and_a_line_now_and_then_shows_that_it_goes_on(
    later: Callable[[float], None],
) -> None:
    shown, out = made(terminal=False)
    with shown:
        for _ in range(3):
            shown.tick("")
            later(STILL_SECONDS / 2)
    assert out.getvalue() == "… Claim waits\n"


def test_a_wait_for_people_is_said_at_once_and_once() -> None:
    shown, out = made(terminal=False, for_people=True)
    with shown:
        shown.tick("")
        shown.tick("")
    assert out.getvalue() == "… Claim waits\n"


def test_a_problem_is_said_when_it_comes_and_not_again() -> None:
    shown, out = made(terminal=False)
    with shown:
        for problem in ("silent", "silent", "", "silent"):
            shown.tick(problem)
    assert out.getvalue() == "Not read: silent\nNot read: silent\n"
