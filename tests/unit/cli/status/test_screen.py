"""What a person sees: at 80 columns and wide, with and without colour."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from cli.probes import Network
from cli.status import facts
from cli.status.command import read
from cli.status.screen import screen
from tests.unit.cli.made_up_pair import SECONDARY, Pair, take_the_place_of_aws
from tools.reader import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 7, 1, 3, 0, 0, tzinfo=UTC)
SCREENS = Path(__file__).with_name("screens")


def well(_pair: Pair) -> None:
    pass


def attention(pair: Pair) -> None:
    pair.fail_over()
    pair.beacon = "unhealthy"


def silent(pair: Pair) -> None:
    pair.refuses = {SECONDARY}


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    def made(change: Callable[[Pair], None]) -> dict[str, Any]:
        from cli import deployment

        pair = Pair(NOW)
        take_the_place_of_aws(monkeypatch, pair)
        change(pair)
        found = deployment.find(ROOT / "samconfig.toml", None)
        readings = read(pair, found, Network())  # type: ignore[arg-type]
        return facts.document(readings, found, NOW)

    return made


def shown(document: dict[str, Any], width: int, **more: Any) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False, **more).print(screen(document))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


@pytest.mark.parametrize("change", [well, attention, silent], ids=lambda c: c.__name__)
@pytest.mark.parametrize("width", [80, 160])
def test_the_screen_is_the_one_on_record(
    document: Callable[..., dict[str, Any]], change: Callable[[Pair], None], width: int
) -> None:
    """To change one on purpose, delete its file and run the test twice."""
    text = shown(document(change), width)
    assert max(map(len, text.splitlines())) <= width
    file = SCREENS / f"{change.__name__}-{width}.txt"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        pytest.fail(f"{file.name} was missing and is written now.")
    assert text == file.read_text()


def test_colour_adds_nothing_but_colour(document: Callable[..., dict[str, Any]]) -> None:
    import re

    found = document(attention)
    coloured = shown(found, 80, force_terminal=True, color_system="standard", no_color=False)
    assert "\x1b[1;33mATTENTION\x1b[0m" in coloured
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    words = [line.rstrip() for line in plain.splitlines()]
    assert words == shown(found, 80).splitlines()


def test_without_colour_no_colour_is_written(
    document: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(document(attention), 80, force_terminal=True)
    assert "\x1b[33m" not in text and ";33m" not in text
