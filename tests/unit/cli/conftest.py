"""A deployment that is well, in the place of AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from cli.main import main
from tests.unit.cli.made_up_pair import Pair, take_the_place_of_aws

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Pair:
    made_up = Pair()
    take_the_place_of_aws(monkeypatch, made_up)
    return made_up


@pytest.fixture
def run(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("COLUMNS", "80")

    def pilot_light(*arguments: str, typed: str | None = None, apart: bool = False) -> Result:
        """`apart`: the two outputs are not mixed."""
        if typed is not None:
            monkeypatch.setattr("cli.changing.options.is_terminal", lambda: True)
        runner = CliRunner(mix_stderr=not apart)
        result = runner.invoke(main, list(arguments), input=typed, prog_name="pilot-light")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return pilot_light
