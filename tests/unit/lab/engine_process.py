"""An engine's process that never was, in a checkout that is a temporary folder."""

from __future__ import annotations

import signal
import subprocess
from io import BytesIO
from typing import TYPE_CHECKING, Any

from lab import process
from tests.unit.lab.engine.fakes import CONFIG, Anything

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

PID = 4711


class Processes:
    """The processes of a computer, by id: their command lines. A signal may end one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.run = folder / ".lab" / "run"
        self.running: dict[int, str] = {}
        self.survives: set[int] = set()
        self.signals: list[tuple[int, int]] = []
        self.answering: int | None = None
        self.now = 1000.0
        self.meanwhile: Callable[[], None] = lambda: None
        self.proc = folder / "proc"
        for name, value in {
            "RUN": self.run,
            "STATE": self.run.parent,
            "ROOT": folder,
            "PROC": self.proc,
            "Control": lambda config: Anything(answers=self._answers),
        }.items():
            monkeypatch.setattr(process, name, value)
        monkeypatch.setattr(process.os, "kill", self.kill)
        monkeypatch.setattr(process, "time", self)
        nothing = subprocess.CompletedProcess([], 1, "", "")
        monkeypatch.setattr(process.subprocess, "run", lambda *_, **__: nothing)
        self.proc.mkdir()

    @property
    def engine(self) -> str:
        return f"/venv/bin/python -m lab.engine {self.run / 'lab.json'} --owned"

    def add(self, pid: int, command: str) -> None:
        self.running[pid] = command
        (self.proc / str(pid)).mkdir(exist_ok=True)
        (self.proc / str(pid) / "cmdline").write_bytes(command.replace(" ", "\0").encode())

    def end(self, pid: int) -> None:
        self.running.pop(pid, None)
        (self.proc / str(pid) / "cmdline").unlink(missing_ok=True)

    def kill(self, pid: int, number: int) -> None:
        self.signals.append((pid, number))
        if pid not in self.running:
            raise ProcessLookupError
        if number not in self.survives:
            self.end(pid)

    def leave(self, pid: int = PID) -> None:
        """Leave the files of a lab, as one that runs has them, or one that was cut off."""
        self.run.mkdir(parents=True)
        CONFIG.save(self.run / "lab.json")
        (self.run / "engine.pid").write_text(str(pid))
        (self.run / "deployed").touch()

    def _answers(self, pid: int | None) -> bool:
        return self.answering is not None and self.answering == pid

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.meanwhile()


class Popen:
    """A process that is started, and does what a test wants it to."""

    def __init__(self, computer: Processes, arguments: list[str], **given: Any) -> None:
        self.computer, self.arguments, self.given = computer, arguments, given
        self.pid = PID
        self.stdin = BytesIO() if given["stdin"] == subprocess.PIPE else None
        self.waited = False
        computer.add(PID, " ".join(arguments))

    def poll(self) -> int | None:
        return None if PID in self.computer.running else 1

    def wait(self, _seconds: float | None = None) -> int:
        assert PID not in self.computer.running, "it would wait for ever"
        self.waited = True
        return 0


STOPPED = [(PID, signal.SIGTERM)]
