"""What the command `lab` says and returns, wherever it is used as it should not be."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from lab import process
from lab.commands.running import region_code
from lab.config import LabError
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.lab.command_line import MadeUpLab, Shell
    from tests.unit.lab.engine_process import Processes

COMMANDS = [
    *("up", "deploy", "drill", "conform", "moves", "take-over"),
    *("outage", "heal", "status", "environment", "down"),
]


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_the_help_lists_every_command(shell: Shell, arguments: list[str]) -> None:
    ended = shell(*arguments)
    assert ended.code == 0
    listed = ended.out[ended.out.index("Commands:") :].splitlines()[1:]
    assert sorted(line.split()[0] for line in listed) == sorted(COMMANDS)
    assert all(len(line.split()) > 2 for line in listed), "each says what it does"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_explains_itself_without_a_lab(shell: Shell, command: str, flag: str) -> None:
    ended = shell(command, flag)
    assert (ended.code, ended.err) == (0, "")
    assert f"Usage: lab {command}" in ended.out


@pytest.mark.parametrize("command", ["up", "drill"])
def test_the_ports_are_explained_with_their_defaults(shell: Shell, command: str) -> None:
    out = shell(command, "--help").out
    for option in ("--entry-port", "--browser-port", "--page-port", "--dns-port", "--api-port"):
        assert option in out
    ports = (CONFIG.entry_port, CONFIG.browser_port, CONFIG.page_port)
    for default in (*ports, CONFIG.dns_port, CONFIG.api_port):
        assert f"default: {default};" in out


def test_the_version_is_told(shell: Shell) -> None:
    ended = shell("--version")
    assert (ended.code, ended.out) == (0, "lab, version 0.1.0\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["outrage"], "No such command 'outrage'"),
        (["up", "--fast"], "No such option: --fast"),
        (["up", "--api-port", "80"], "80 is not in the range 1024<=x<=65500"),
        (["up", "--dns-port", "65535"], "65535 is not in the range"),
        (["up", "--browser-port", "web"], "'web' is not a valid integer"),
        (["drill", "--speed", "0"], "0.0 is not in the range 0.5<=x<=20"),
        (["drill", "--speed", "100"], "100.0 is not in the range"),
        (["drill", "--replication-lag", "-1"], "-1.0 is not in the range 0<=x<=60"),
        (["outage", "primary"], "'primary' is not one of 'region', 'us-east-1', 'api'"),
        (["outage", "--style", "404"], "'404' is not one of 'reset', '503', 'hang'"),
        (["drill", "--outage", "all"], "'all' is not one of 'region', 'us-east-1', 'api'"),
        (["outage", "api", "secondary"], "unexpected extra argument"),
        (["heal", "primary"], "unexpected extra argument"),
        (["down", "now"], "unexpected extra argument"),
        (["conform"], "Missing option '--app'"),
        (["drill", "--app", ".", "--outage", "api"], "--outage api is not possible with --app."),
        (["drill", "--app", ".", "--style", "503"], "--style 503 is not possible with --app."),
    ],
)
def test_a_wrong_use_is_explained_and_returns_two(
    shell: Shell, arguments: list[str], says: str
) -> None:
    ended = shell(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
    assert "Usage: lab" in ended.err
    assert "Traceback" not in ended.err


def test_reports_cannot_go_into_a_file(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = shell("drill", "--reports", str(tmp_path / "file"))
    assert ended.code == 2
    assert "is a file" in ended.err


@pytest.mark.parametrize(
    "ports",
    [
        ["--browser-port", "4566"],
        ["--api-port", "5354"],
        ["--browser-port", "8443"],
        ["--page-port", "8080"],
        ["--entry-port", "8079"],
    ],
)
@pytest.mark.parametrize("command", ["up", "drill"])
def test_two_ports_that_are_the_same_are_refused_before_anything_starts(
    shell: Shell, command: str, ports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "start", lambda *_, **__: pytest.fail("It was started."))
    ended = shell(command, *ports)
    assert ended.code == 2
    assert ended.err.startswith("Error: Two of the lab's ports are the same: --entry-port takes ")


@pytest.mark.parametrize("command", ["up", "drill", "conform"])
@pytest.mark.parametrize(
    ("contract", "says"),
    [
        (None, "has no pilotlight.toml, the application's contract. See docs/adopt.md."),
        ("level = 9", "level: 9 is not one of [0, 1, 2]. "),
        (
            'level = 0\nnames = "pilot-light*"\nstack = "s"\napi = {id = "Id"}',
            "covers Pilot Light's own pilot-light-control-quorum.",
        ),
    ],
)
def test_an_application_s_contract_is_judged_before_anything_starts(
    shell: Shell,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    contract: str | None,
    says: str,
) -> None:
    monkeypatch.setattr(process, "start", lambda *_, **__: pytest.fail("It was started."))
    if contract:
        (tmp_path / "pilotlight.toml").write_text(contract)
    ended = shell(command, "--app", str(tmp_path))
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


@pytest.mark.parametrize("command", ["outage", "heal", "status"])
def test_without_a_lab_a_command_says_how_to_start_one(
    shell: Shell, computer: Processes, command: str
) -> None:
    ended = shell(command)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "Error: No lab is up here. `lab up` starts one.\n"


@pytest.mark.parametrize("command", ["outage", "heal", "status"])
def test_a_half_deployed_lab_is_told_from_one_that_is_up(
    shell: Shell, computer: Processes, command: str
) -> None:
    computer.leave(pid=7)
    computer.answering = 7
    (computer.run / "deployed").unlink()
    ended = shell(command)
    assert ended.code == 2
    assert ended.err.startswith("Error: The lab is only half deployed")


def test_down_without_a_lab_is_no_error(shell: Shell, computer: Processes) -> None:
    ended = shell("down")
    assert (ended.code, ended.out) == (0, "No lab was up.\n")


def test_down_ends_the_lab(shell: Shell, computer: Processes) -> None:
    computer.leave(pid=7)
    computer.add(7, computer.engine)
    assert shell("down").out == "The lab is down.\n"
    assert 7 not in computer.running
    assert shell("down").out == "No lab was up.\n"


def test_an_interrupted_command_returns_130_and_says_that_the_lab_is_up(
    shell: Shell, lab: MadeUpLab
) -> None:
    lab.interrupts = True
    ended = shell("status")
    assert ended.code == 130
    assert "Interrupted. The lab is still up; `lab down` ends it." in ended.out


def test_an_interrupted_command_that_left_no_lab_says_that(
    shell: Shell, computer: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(process, "stop_any", interrupted)
    ended = shell("down")
    assert ended.code == 130
    assert "Interrupted. No lab is left." in ended.out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_told_to_end_is_interrupted(
    shell: Shell, computer: Processes, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def told_to_end() -> bool:
        signal.raise_signal(number)
        return True

    monkeypatch.setattr(process, "stop_any", told_to_end)
    # These tests may run under nohup themselves.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        assert shell("down").code == 130
    finally:
        signal.signal(number, before)


def test_what_runs_under_nohup_survives_the_end_of_its_terminal(
    shell: Shell, computer: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def hung_up() -> bool:
        signal.raise_signal(signal.SIGHUP)
        return True

    monkeypatch.setattr(process, "stop_any", hung_up)
    assert shell("down").code == 0


def test_an_error_that_a_person_can_mend_is_one_line_and_returns_two(
    shell: Shell, lab: MadeUpLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise LabError("The disk is full.")

    monkeypatch.setattr(process, "deployed", broken)
    ended = shell("heal")
    assert (ended.code, ended.out, ended.err) == (2, "", "Error: The disk is full.\n")


def test_a_region_is_named_by_its_role_or_its_code() -> None:
    assert region_code(CONFIG, "primary") == PRIMARY
    assert [region_code(CONFIG, region) for region in CONFIG.regions] == list(CONFIG.regions)
