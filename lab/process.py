"""The engine's process: started, found again, ended. A running lab keeps its files in .lab/run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.config import ROOT, LabConfig, LabError
from lab.control import Control, NotAnswering

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STATE = ROOT / ".lab"
RUN = STATE / "run"
START_SECONDS, END_SECONDS = 60.0, 8.0


class EngineFailed(LabError):
    """The engine did not come up."""


class NoLab(LabError):
    """There is no lab to talk to."""


@dataclass(frozen=True)
class Engine:
    """A running engine that this process started."""

    config: LabConfig
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End the engine, and clear what it left."""
        if self.process.stdin:
            self.process.stdin.close()
        _end(self.process.pid, lambda: self.process.poll() is not None)
        self.process.wait(END_SECONDS)
        shutil.rmtree(RUN, ignore_errors=True)


def start(config: LabConfig, *, owned: bool) -> Engine:
    """Start an engine and wait until it answers.

    Parameters
    ----------
    owned
        Whether it ends with this process, even if that is killed.

    Raises
    ------
    EngineFailed
        Another lab runs here, a port is taken, or the engine ended.
    """
    if (running := _running()) is not None:
        raise EngineFailed(f"A lab is up already (process {running}). `lab down` ends it.")
    shutil.rmtree(RUN, ignore_errors=True)
    RUN.mkdir(parents=True)
    config.save(RUN / "lab.json")
    arguments = [sys.executable, "-m", "lab.engine", str(RUN / "lab.json")]
    with (RUN / "engine.log").open("wb") as log:
        process = subprocess.Popen(
            arguments + ["--owned"] * owned,
            cwd=ROOT,
            stdin=subprocess.PIPE if owned else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (RUN / "engine.pid").write_text(str(process.pid))
    engine, control, end = (
        Engine(config, process),
        Control(config),
        time.monotonic() + START_SECONDS,
    )
    try:
        while not control.answers():
            if process.poll() is not None or time.monotonic() > end:
                said = log_tail(RUN / "engine.log", 1)
                raise EngineFailed(said or "The lab's engine ended without a word.")
            time.sleep(0.05)
    except BaseException:
        engine.stop()
        raise
    return engine


def deployed() -> LabConfig:
    """Return the configuration of the lab that is up.

    Raises
    ------
    NoLab
        There is none, or its deployment has not ended well.
    """
    config = _config()
    if config is None:
        raise NoLab("No lab is up here. `lab up` starts one.")
    try:
        Control(config).state()
    except NotAnswering as error:
        raise NoLab(
            "The lab does not answer. `lab down` clears it, `lab up` starts one."
        ) from error
    if not (RUN / "deployed").exists():
        raise NoLab(
            "The lab is only half deployed: its deployment still runs, or it failed (see "
            ".lab/run/*.log). Wait for `lab up` to end, or begin anew: `lab down`, `lab up`."
        )
    return config


def mark_deployed() -> None:
    """Note that every stack is deployed."""
    (RUN / "deployed").touch()


def stop_any() -> bool:
    """End the lab of this checkout, whoever started it, and say whether there was one."""
    pid = _running()
    if pid is not None:
        _end(pid, lambda: not _alive(pid))
    there = RUN.exists()
    shutil.rmtree(RUN, ignore_errors=True)
    return there


def log_tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").strip().splitlines()[-lines:])


def _config() -> LabConfig | None:
    try:
        return LabConfig.load(RUN / "lab.json")
    except (OSError, ValueError, TypeError):
        return None


def _running() -> int | None:
    """Return the process id of the engine of this checkout, if it runs.

    An id on file may belong to another process by now: the engine itself has to confirm it, or be
    alive while it cannot answer yet.
    """
    config = _config()
    if config is None:
        return None
    try:
        return int(Control(config).state()["pid"])
    except NotAnswering:
        pass
    try:
        pid = int((RUN / "engine.pid").read_text())
    except (OSError, ValueError):
        return None
    return pid if _is_engine(pid) else None


def _is_engine(pid: int) -> bool:
    found = subprocess.run(
        ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return f"lab.engine {RUN}" in found.stdout


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _end(pid: int, ended: Callable[[], bool]) -> None:
    """Ask a process to end, and make it where it does not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if ended():
            return
        os.kill(pid, number)
        end = time.monotonic() + END_SECONDS
        while not ended() and time.monotonic() < end:
            time.sleep(0.02)
