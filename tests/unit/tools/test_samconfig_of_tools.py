"""The tools read samconfig.toml by the one reader, and end cleanly where it is wrong."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from tools.audit import __main__ as audit, calls
from tools.cost import __main__ as cost
from tools.reader import ROOT, template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCHEDULE = "cron(0 4 ? * TUE *)"


@pytest.fixture
def with_override(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], None]]:
    """Give every config environment one more parameter, or another value."""

    def write(text: str) -> None:
        own = (ROOT / "samconfig.toml").read_text()
        name = text.partition("=")[0]
        kept = [
            " ".join(p for p in line.split(" ") if not p.startswith(f"{name}="))
            if line.startswith("parameter_overrides")
            else line
            for line in own.splitlines()
        ]
        lines = [
            f'{line[: line.rindex(chr(34))]} {text}"' if line.startswith("parameter_ov") else line
            for line in kept
        ]
        (tmp_path / "samconfig.toml").write_text("\n".join(lines))
        monkeypatch.setattr(template, "SAMCONFIG", tmp_path / "samconfig.toml")
        template.load.cache_clear()

    yield write
    template.load.cache_clear()


def test_the_cost_of_a_schedule_with_blanks_is_computed(
    with_override: Callable[[str], None],
) -> None:
    with_override(f'RehearsalSchedule=\\"{SCHEDULE}\\"')
    assert template.load("secondary").parameters["RehearsalSchedule"] == SCHEDULE
    ended = CliRunner().invoke(cost.cli, [])
    assert ended.exit_code == 0, ended.output


def test_the_audit_reads_a_schedule_with_blanks(with_override: Callable[[str], None]) -> None:
    with_override(f'RehearsalSchedule=\\"{SCHEDULE}\\"')
    assert calls.faults(template.load("secondary").region) == []


def test_the_cost_ends_with_2_and_one_clear_error(with_override: Callable[[str], None]) -> None:
    with_override("ZoneName=BAD_ZONE.")
    ended = CliRunner().invoke(cost.cli, [])
    assert ended.exit_code == 2
    assert ended.output.startswith(
        'Error: samconfig.toml, environment primary: ZoneName is "BAD_ZONE."'
    )


def test_the_audit_ends_with_2_and_one_clear_error(
    with_override: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with_override("ZoneName=BAD_ZONE.")
    monkeypatch.setattr(sys, "argv", ["audit", "--check"])
    with pytest.raises(SystemExit) as ended:
        audit.run()
    assert ended.value.code == 2
    assert 'environment secondary: ZoneName is "BAD_ZONE."' in capsys.readouterr().err
