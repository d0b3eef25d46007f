"""What a person sees while the lab works, with and without a terminal."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from rich.console import Console

from lab.progress import Progress


@pytest.fixture
def screen() -> StringIO:
    return StringIO()


@pytest.fixture
def progress(screen: StringIO) -> Progress:
    return Progress(Console(file=screen, width=120, highlight=False))


def lines(screen: StringIO) -> list[str]:
    return [" ".join(line.split()) for line in screen.getvalue().splitlines()]


def test_a_step_is_printed_once_when_it_ends_with_its_seconds(
    progress: Progress, screen: StringIO
) -> None:
    with progress.step("sam build") as step:
        step.say("half way")
        assert lines(screen) == []
    (line,) = lines(screen)
    assert re.fullmatch(r"\d+\.\d ✓ sam build \d+\.\d s", line)


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt()])
def test_a_step_that_failed_is_marked_and_its_error_goes_on(
    progress: Progress, screen: StringIO, error: BaseException
) -> None:
    with pytest.raises(type(error)), progress.step("sam deploy"):
        raise error
    (line,) = lines(screen)
    assert "✗ sam deploy" in line and "✓" not in line


def test_events_are_printed_without_seconds(progress: Progress, screen: StringIO) -> None:
    progress.event("DNS: us-east-2")
    assert [line.split(" ", 1)[1] for line in lines(screen)] == ["• DNS: us-east-2"]


def test_brackets_are_printed_as_they_are(progress: Progress, screen: StringIO) -> None:
    with progress.step("deploy [bold] [/]") as step:
        step.say("[/] [red]")
        progress.event("[/x] in [a]")
    assert "[/x] in [a]" in lines(screen)[0]
    assert "deploy [bold] [/]" in lines(screen)[1]


def test_something_said_outside_of_a_step_is_passed_over(
    progress: Progress, screen: StringIO
) -> None:
    progress.say("nobody listens")
    assert lines(screen) == []
