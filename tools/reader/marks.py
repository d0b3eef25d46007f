"""The part of a document that a run writes: what stands between two marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path


class NoMarks(click.ClickException):
    """A document does not have the lines between which figures stand."""

    exit_code = 2


def marks(name: str) -> tuple[str, str]:
    """Return the lines before and behind the figures of that name."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def fill(document: Path, name: str, text: str) -> None:
    """Replace what stands between the marks.

    Raises
    ------
    NoMarks
        One of them is missing.
    """
    begin, end = marks(name)
    old = document.read_text(encoding="utf-8")
    if begin not in old or end not in old:
        raise NoMarks(f"{document.name} needs the lines {begin} and {end}.")
    before, after = old.split(begin, 1)[0], old.split(end, 1)[1]
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
