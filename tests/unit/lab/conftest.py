"""A computer on which a lab may be started, found and ended, and a shell to do it in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lab import process
from tests.unit.lab.command_line import MadeUpLab, Shell, signals_as_they_were
from tests.unit.lab.engine_process import PID, Popen, Processes
from tests.unit.lab.made_up_sam import Sam

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Processes:
    """Return a computer without a lab."""
    return Processes(monkeypatch, tmp_path)


@pytest.fixture
def started(computer: Processes, monkeypatch: pytest.MonkeyPatch) -> list[Popen]:
    """Return the processes that are started; each answers at once, unless told otherwise."""
    found: list[Popen] = []

    def popen(arguments: list[str], **given: Any) -> Popen:
        found.append(Popen(computer, arguments, **given))
        computer.answering = PID if computer.answering is None else computer.answering
        return found[-1]

    monkeypatch.setattr(process.subprocess, "Popen", popen)
    return found


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """Return a shell that knows the command `lab`."""
    signals = signals_as_they_were()
    next(signals)
    yield Shell(monkeypatch, capsys)
    next(signals, None)


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MadeUpLab:
    """Return a lab that is up."""
    return MadeUpLab(monkeypatch, tmp_path)


@pytest.fixture
def sam(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sam:
    """Return a checkout with a `sam` that is told how to end."""
    return Sam(monkeypatch, tmp_path)
