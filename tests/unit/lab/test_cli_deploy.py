"""`lab deploy`: somebody else's application in the lab that is up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lab import process
from lab.commands import applications
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY, Anything

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.lab.command_line import Shell

HOST = f"a1b2.execute-api.{SECONDARY}.amazonaws.com"


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(process, "answering", lambda: CONFIG)
    monkeypatch.setattr(
        applications,
        "application",
        Anything(
            build=lambda folder, _: folder / "built",
            deploy=lambda _config, _progress, *what: calls.append(what),
            outputs=lambda _client, stack: {"ApiUrl": f"https://{HOST}/prod", "Stack": stack},
        ),
    )
    return calls


def test_it_goes_to_the_primary_in_a_stack_of_the_folder_s_name(
    shell: Shell, deployed: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    assert shell("deploy", str(tmp_path)).code == 0
    assert deployed == [(tmp_path / "built", PRIMARY, tmp_path.name, ())]


def test_region_stack_and_parameters_may_be_named_and_the_outputs_are_shown_with_a_request(
    shell: Shell, deployed: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    more = ("--region", "secondary", "--stack", "shop", "--parameter", "A=1", "--parameter", "B=2")
    ended = shell("deploy", str(tmp_path), *more)
    assert deployed == [(tmp_path / "built", SECONDARY, "shop", ("A=1", "B=2"))]
    assert f"ApiUrl  https://{HOST}/prod" in ended.out
    port = CONFIG.entries[SECONDARY]
    assert f"--connect-to {HOST}:443:127.0.0.1:{port} https://{HOST}/" in ended.out


def test_without_a_lab_it_says_how_to_start_one(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(process, "RUN", tmp_path)
    ended = shell("deploy", str(tmp_path))
    assert (ended.code, ended.out) == (2, "")
    assert "No lab is up here. `lab up` starts one." in ended.err
