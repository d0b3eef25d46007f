"""A lab's engine is started: once, by this checkout, and wholly or not at all."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lab import process
from lab.config import LabError
from lab.process import START_SECONDS, start
from tests.unit.lab.engine.fakes import CONFIG
from tests.unit.lab.engine_process import PID, STOPPED, Popen, Processes

if TYPE_CHECKING:
    from pathlib import Path

SILENT = -1


def say(computer: Processes, text: str) -> None:
    (computer.run / "engine.log").write_text(text)


def test_an_engine_is_started_with_its_configuration(
    computer: Processes, started: list[Popen], tmp_path: Path
) -> None:
    engine = start(CONFIG, owned=True)
    (popen,) = started
    file = computer.run / "lab.json"
    assert popen.arguments == [sys.executable, "-m", "lab.engine", str(file), "--owned"]
    assert popen.given["cwd"] == tmp_path
    assert json.loads(file.read_text())["app_name"] == "pilot-light"
    assert (computer.run / "engine.pid").read_text() == str(PID)
    assert (engine.config, engine.process) == (CONFIG, popen)


def test_an_engine_of_ones_own_ends_with_its_owner_and_another_does_not(
    computer: Processes, started: list[Popen]
) -> None:
    start(CONFIG, owned=False).stop()
    start(CONFIG, owned=True)
    detached, owned = started
    assert "--owned" not in detached.arguments
    assert (detached.given["stdin"], owned.given["stdin"]) == (
        subprocess.DEVNULL,
        subprocess.PIPE,
    )
    assert all(p.given["start_new_session"] for p in started), "Ctrl-C is for the owner alone"


def test_an_engine_that_takes_its_time_is_waited_for(
    computer: Processes, started: list[Popen]
) -> None:
    computer.answering = SILENT

    def meanwhile() -> None:
        computer.answering = PID if computer.now > 1010 else SILENT

    computer.meanwhile = meanwhile
    start(CONFIG, owned=True)
    assert 1010 < computer.now < 1011
    assert computer.signals == []


def test_what_is_to_be_done_beside_the_start_is_done_once_it_began(
    computer: Processes, started: list[Popen]
) -> None:
    seen: list[str] = []
    start(CONFIG, owned=True, meanwhile=lambda: seen.append((computer.run / "engine.pid").name))
    assert seen == ["engine.pid"] and len(started) == 1
    assert computer.signals == []


def test_an_error_beside_the_start_ends_the_engine(
    computer: Processes, started: list[Popen]
) -> None:
    def fail() -> None:
        raise LabError("`sam build` ended with 1.")

    with pytest.raises(LabError, match="sam build"):
        start(CONFIG, owned=True, meanwhile=fail)
    assert not computer.run.exists()
    assert computer.signals[0][0] == PID


def test_an_engine_that_dies_says_its_last_line(computer: Processes, started: list[Popen]) -> None:
    computer.answering = SILENT

    def meanwhile() -> None:
        say(computer, "Starting\nPort 4566 on 127.0.0.1 is in use.\n\n")
        computer.end(PID)

    computer.meanwhile = meanwhile
    with pytest.raises(LabError) as failure:
        start(CONFIG, owned=True)
    assert str(failure.value) == "Port 4566 on 127.0.0.1 is in use."
    assert not computer.run.exists()


def test_an_engine_that_dies_without_a_word_is_told_of(
    computer: Processes, started: list[Popen]
) -> None:
    computer.answering, computer.meanwhile = SILENT, lambda: computer.end(PID)
    with pytest.raises(LabError, match="ended and logged nothing"):
        start(CONFIG, owned=True)


def test_the_log_of_an_engine_that_died_is_kept(
    computer: Processes, started: list[Popen], tmp_path: Path
) -> None:
    computer.answering = SILENT

    def meanwhile() -> None:
        say(computer, "Traceback\nOSError")
        computer.end(PID)

    computer.meanwhile = meanwhile
    with pytest.raises(LabError):
        start(CONFIG, owned=True)
    assert (tmp_path / ".lab/last/engine.log").read_text() == "Traceback\nOSError"


def test_an_engine_that_was_cleared_away_while_it_started_is_told_of(
    computer: Processes, started: list[Popen]
) -> None:
    computer.answering = SILENT

    def meanwhile() -> None:
        process.stop_any()

    computer.meanwhile = meanwhile
    with pytest.raises(LabError, match="ended and logged nothing"):
        start(CONFIG, owned=True)


def test_an_engine_that_never_answers_is_ended(computer: Processes, started: list[Popen]) -> None:
    computer.answering = SILENT
    with pytest.raises(LabError, match=r"did not answer within 60 s\. See \.lab/last/engine"):
        start(CONFIG, owned=True)
    assert computer.now == pytest.approx(1000 + START_SECONDS, abs=1)
    assert computer.signals == STOPPED
    assert not computer.run.exists()


def test_the_lab_of_another_checkout_at_the_same_port_is_not_taken_for_ones_own(
    computer: Processes, started: list[Popen]
) -> None:
    computer.answering = 99

    def meanwhile() -> None:
        say(computer, "Port 4566 on 127.0.0.1 is in use.")
        computer.end(PID)

    computer.meanwhile = meanwhile
    with pytest.raises(LabError, match="Port 4566"):
        start(CONFIG, owned=True)


def test_an_interrupt_while_it_starts_stops_the_engine(
    computer: Processes, started: list[Popen], tmp_path: Path
) -> None:
    computer.answering = SILENT

    def meanwhile() -> None:
        raise KeyboardInterrupt

    computer.meanwhile = meanwhile
    with pytest.raises(KeyboardInterrupt):
        start(CONFIG, owned=True)
    assert computer.signals == STOPPED
    assert started[0].waited
    assert not computer.run.exists()
    assert not (tmp_path / ".lab/last").exists(), "nothing went wrong"


def test_a_lab_that_is_up_is_not_started_again(computer: Processes, started: list[Popen]) -> None:
    computer.leave()
    computer.add(PID, computer.engine)
    with pytest.raises(LabError, match=rf"up already \(process {PID}\)\. `lab down` ends it"):
        start(CONFIG, owned=True)
    assert started == []
    assert (computer.run / "lab.json").exists()


def test_what_a_lab_left_that_was_cut_off_is_cleared_first(
    computer: Processes, started: list[Popen]
) -> None:
    computer.leave(pid=31)
    computer.add(31, "/usr/bin/vim notes.txt")
    start(CONFIG, owned=True)
    assert not (computer.run / "deployed").exists()
    assert 31 in computer.running


def test_an_engine_is_asked_to_end_and_its_files_go(
    computer: Processes, started: list[Popen]
) -> None:
    engine = start(CONFIG, owned=True)
    engine.stop()
    assert started[0].stdin and started[0].stdin.closed
    assert computer.signals == STOPPED
    assert started[0].waited
    assert not computer.run.exists()


def test_an_engine_that_does_not_end_is_made_to(computer: Processes, started: list[Popen]) -> None:
    computer.survives = {signal.SIGTERM}
    start(CONFIG, owned=False).stop()
    assert computer.signals == [(PID, signal.SIGTERM), (PID, signal.SIGKILL)]


def test_an_engine_that_has_ended_needs_no_signal(
    computer: Processes, started: list[Popen]
) -> None:
    engine = start(CONFIG, owned=True)
    computer.end(PID)
    engine.stop()
    assert computer.signals == []
    assert not computer.run.exists()
