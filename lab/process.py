"""The engine's process: started, found again, ended. A running lab keeps its files in .lab/run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab.config import ROOT, LabConfig, LabError
from lab.control import Control

if TYPE_CHECKING:
    from collections.abc import Callable

STATE = ROOT / ".lab"
RUN = STATE / "run"
PROC = Path("/proc")
START_SECONDS, END_SECONDS = 60.0, 8.0


@dataclass(frozen=True)
class Engine:
    """A running engine that this process started."""

    config: LabConfig
    process: subprocess.Popen[bytes]

    def stop(self, because: BaseException | None = None) -> None:
        """End the engine, and clear what it left. After an error its logs stay, in .lab/last."""
        if isinstance(because, Exception):
            _keep_logs()
        if self.process.stdin:
            self.process.stdin.close()
        _end(self.process.pid, lambda: self.process.poll() is not None)
        self.process.wait(END_SECONDS)
        shutil.rmtree(RUN, ignore_errors=True)


def start(
    config: LabConfig, *, owned: bool, meanwhile: Callable[[], None] = lambda: None
) -> Engine:
    """Start an engine and wait until it answers.

    Parameters
    ----------
    owned
        Whether it ends with this process, even if that is killed.
    meanwhile
        What to do before waiting, because the engine's imports take seconds. An error in it ends
        the engine.

    Raises
    ------
    LabError
        Another lab runs here, a port is taken, or the engine ended.
    """
    if (running := _running()) is not None:
        raise LabError(f"A lab is up already (process {running}). `lab down` ends it.")
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
    engine = Engine(config, process)
    try:
        (RUN / "engine.pid").write_text(str(process.pid))
        meanwhile()
        _wait_for(engine)
    except BaseException as error:
        engine.stop(error)
        raise
    return engine


def _wait_for(engine: Engine) -> None:
    control, end = Control(engine.config), time.monotonic() + START_SECONDS
    while not control.answers(engine.process.pid):
        if engine.process.poll() is not None:
            reason = log_tail(RUN / "engine.log", 1)
            raise LabError(reason or "The lab's engine ended and logged nothing.")
        if time.monotonic() > end:
            raise LabError(
                f"The lab's engine did not answer within {START_SECONDS:.0f} s. See "
                ".lab/last/engine.log."
            )
        time.sleep(0.05)


def answering() -> LabConfig:
    """Return the configuration of the lab that is up, whatever is deployed to it.

    Raises
    ------
    LabError
        There is none.
    """
    config = _config()
    if config is None:
        raise LabError("No lab is up here. `lab up` starts one.")
    if not Control(config).answers(_pid()):
        raise LabError("The lab does not answer. `lab down` clears it, `lab up` starts one.")
    return config


def deployed() -> LabConfig:
    """Return the configuration of the lab that is up.

    Raises
    ------
    LabError
        There is none, or its deployment has not ended well.
    """
    config = answering()
    if not (RUN / "deployed").exists():
        raise LabError(
            "The lab is only half deployed: its deployment still runs, or it failed (see "
            ".lab/run/*.log). Wait for `lab up` to end, or begin again: `lab down`, `lab up`."
        )
    return config


def mark_deployed() -> None:
    """Note that every stack is deployed."""
    (RUN / "deployed").touch()


def stop_any() -> bool:
    """End the lab of this checkout, whoever started it, and return whether there was one."""
    pid = _running()
    if pid is not None:
        _end(pid, lambda: not _is_engine(pid))
    there = RUN.exists()
    shutil.rmtree(RUN, ignore_errors=True)
    return there


def log_tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log; nothing where `lab down` has cleared it."""
    try:
        return "\n".join(log.read_text(errors="replace").strip().splitlines()[-lines:])
    except OSError:
        return ""


def _keep_logs() -> None:
    with suppress(OSError):
        shutil.rmtree(STATE / "last", ignore_errors=True)
        (STATE / "last").mkdir(parents=True)
        for log in RUN.glob("*.log"):
            shutil.copy(log, STATE / "last")


def _config() -> LabConfig | None:
    try:
        return LabConfig.load(RUN / "lab.json")
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _pid() -> int | None:
    try:
        return int((RUN / "engine.pid").read_text())
    except (OSError, ValueError):
        return None


def _running() -> int | None:
    """Return the process id of the engine of this checkout, if it runs.

    The id on file may belong to another process by now, and what answers at the port may be
    another checkout's lab: only the command line shows whose a process is.
    """
    pid = _pid()
    return pid if pid is not None and _is_engine(pid) else None


def _is_engine(pid: int) -> bool:
    """Return whether a process is this checkout's engine, and has not ended."""
    try:
        command = os.fsdecode((PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" "))
    except OSError:
        command = _listed(pid)
    return f"lab.engine {RUN / 'lab.json'}" in command


def _listed(pid: int) -> str:
    """Return a command line where there is no /proc, as on macOS."""
    command = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def _end(pid: int, ended: Callable[[], bool]) -> None:
    """Ask a process to end, and make it where it does not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if ended():
            return
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        end = time.monotonic() + END_SECONDS
        while not ended() and time.monotonic() < end:
            time.sleep(0.02)
