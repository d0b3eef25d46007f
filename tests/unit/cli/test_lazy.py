"""Help comes at once, and says of each command what the command says of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from cli.ledger.command import COMMANDS as LEDGER, ledger
from cli.main import COMMANDS, main
from tools.reader import ROOT

if TYPE_CHECKING:
    from cli.lazy import LazyGroup

SLOW = {"boto3", "botocore", "samtranslator", "samcli", "rich", "yaml", "dns", "jsonschema"}
HELP = [
    [],
    *([name] for name in sorted(set(COMMANDS) - {"check", "contract"})),
    *(["ledger", name] for name in LEDGER),
]


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_help_imports_neither_the_sdk_nor_any_other_slow_library(command: list[str]) -> None:
    code = (
        "import sys\n"
        "from cli.main import main\n"
        f"main({[*command, '--help']!r}, prog_name='pilot-light', standalone_mode=False)\n"
        f"print('SLOW', sorted({SLOW!r} & set(sys.modules)))"
    )
    path = os.pathsep.join(str(ROOT / p) for p in (".", "functions", "clients/python/src"))
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.startswith("Usage: pilot-light")
    assert ended.stdout.endswith("SLOW []\n")


@pytest.mark.parametrize("group", [main, ledger], ids=["main", "ledger"])
def test_a_group_says_of_each_command_what_the_command_says_of_itself(group: LazyGroup) -> None:
    context = click.Context(group)
    for name, (_, text) in group.places.items():
        command = group.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(limit=200) == text, name


def test_an_unknown_command_is_a_usage_error() -> None:
    ended = CliRunner().invoke(main, ["statsu"])
    assert ended.exit_code == 2
    assert "No such command 'statsu'" in ended.output


def test_names_and_options_are_completed() -> None:
    complete = ShellComplete(main, {}, "pilot-light", "_PILOT_LIGHT_COMPLETE").get_completions
    assert [c.value for c in complete([], "st")] == ["status", "stop"]
    assert [c.value for c in complete(["ledger"], "l")] == ["list"]
    assert "--explain" in [c.value for c in complete(["status"], "--e")]


def test_help_says_how_to_turn_completion_on_and_what_exit_codes_mean() -> None:
    text = CliRunner().invoke(main, ["--help"]).output
    assert 'eval "$(_PILOT_LIGHT_COMPLETE=bash_source pilot-light)"' in text
    assert "3 users are not" in text
