"""A lab is found again by other commands, and ended: this checkout's, and nothing else."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from lab import process
from lab.config import LabError
from lab.process import deployed, log_tail, mark_deployed, stop_any
from tests.unit.lab.engine.fakes import CONFIG
from tests.unit.lab.engine_process import PID, STOPPED, Processes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def up(computer: Processes) -> Processes:
    """Return a computer with a lab that is up."""
    computer.leave()
    computer.add(PID, computer.engine)
    computer.answering = PID
    return computer


def test_a_lab_that_is_up_is_found(up: Processes) -> None:
    assert deployed() == CONFIG


def test_without_a_lab_there_is_none_to_talk_to(computer: Processes) -> None:
    with pytest.raises(LabError, match=r"No lab is up here\. `lab up` starts one"):
        deployed()


def test_a_lab_that_does_not_answer_can_be_cleared(up: Processes) -> None:
    up.answering = None
    with pytest.raises(LabError, match=r"does not answer\. `lab down` clears it"):
        deployed()


def test_another_checkouts_lab_at_the_same_port_is_not_talked_to(up: Processes) -> None:
    up.answering = 99
    with pytest.raises(LabError, match="does not answer"):
        deployed()


def test_a_lab_whose_deployment_has_not_ended_is_half_deployed(up: Processes) -> None:
    (up.run / "deployed").unlink()
    with pytest.raises(LabError, match="only half deployed"):
        deployed()
    mark_deployed()
    assert deployed() == CONFIG


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", "null", '{"config_envs": [], "old": 1}'])
def test_a_configuration_that_cannot_be_read_is_no_lab(up: Processes, text: str) -> None:
    (up.run / "lab.json").write_text(text)
    with pytest.raises(LabError):
        deployed()


def test_a_lab_that_is_up_is_ended_and_cleared(up: Processes) -> None:
    assert stop_any()
    assert up.signals == STOPPED
    assert not up.run.exists()


def test_a_lab_that_does_not_end_is_made_to(up: Processes) -> None:
    up.survives = {signal.SIGTERM}
    assert stop_any()
    assert up.signals == [(PID, signal.SIGTERM), (PID, signal.SIGKILL)]
    assert PID not in up.running


def test_a_lab_is_ended_though_it_does_not_answer(up: Processes) -> None:
    up.answering = None
    assert stop_any()
    assert up.signals == STOPPED


def test_a_lab_is_ended_though_its_configuration_cannot_be_read(up: Processes) -> None:
    (up.run / "lab.json").write_text("{")
    assert stop_any()
    assert up.signals == STOPPED


def test_without_a_lab_there_is_none_to_end(computer: Processes) -> None:
    assert not stop_any()
    assert computer.signals == []


FOREIGN = {
    "an editor": "/usr/bin/vim notes.txt",
    "another checkout's engine": "/venv/bin/python -m lab.engine /elsewhere/.lab/run/lab.json",
    "a process that ended and was not waited for": "",
}


@pytest.mark.parametrize("command", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_process_that_has_the_id_on_file_is_never_killed(
    computer: Processes, command: str
) -> None:
    computer.leave()
    computer.add(PID, command)
    assert stop_any()
    assert computer.signals == []
    assert PID in computer.running
    assert not computer.run.exists()


def test_another_checkouts_lab_at_the_same_port_is_never_killed(computer: Processes) -> None:
    computer.leave()
    computer.add(99, "/venv/bin/python -m lab.engine /elsewhere/.lab/run/lab.json")
    computer.answering = 99
    assert stop_any()
    assert computer.signals == []
    assert 99 in computer.running


@pytest.mark.parametrize("text", ["", "engine", "0", "-1"])
def test_an_id_on_file_that_is_none_is_never_killed(up: Processes, text: str) -> None:
    (up.run / "engine.pid").write_text(text)
    assert stop_any()
    assert up.signals == []


def test_an_engine_that_ends_just_before_its_signal_is_no_error(
    up: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(pid: int, number: int) -> None:
        up.end(pid)
        raise ProcessLookupError

    monkeypatch.setattr(process.os, "kill", gone)
    assert stop_any()


def listing(monkeypatch: pytest.MonkeyPatch, said: str | Exception) -> list[list[str]]:
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        if isinstance(said, Exception):
            raise said
        return subprocess.CompletedProcess(command, 0, said, "")

    monkeypatch.setattr(process.subprocess, "run", run)
    return asked


def test_without_proc_a_command_line_is_listed_in_full(
    computer: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    computer.leave()
    asked = listing(monkeypatch, computer.engine)
    assert process._running() == PID
    assert asked == [["ps", "-ww", "-o", "args=", "-p", str(PID)]]


def test_a_computer_without_proc_and_ps_kills_nothing(
    computer: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    computer.leave()
    listing(monkeypatch, FileNotFoundError("ps"))
    assert stop_any()
    assert computer.signals == []


def test_the_end_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"1\n2\nb\xe4d\n4\n\n")
    assert log_tail(log, 2) == "b�d\n4"
    assert log_tail(log) == "1\n2\nb�d\n4"
    assert log_tail(tmp_path / "none.log") == ""
