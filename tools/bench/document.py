"""Puts the figures of a report into docs/benchmark.md, between its two marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.config import LabError
from tools.bench import tables
from tools.reader import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = ROOT / "docs" / "benchmark.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


class NoMarks(LabError):
    """The document has no place for the figures."""


def fill(report: tables.Report, document: Path = DOCUMENT) -> None:
    """Replace what stands between the marks.

    Raises
    ------
    NoMarks
        One of them is missing.
    """
    text = document.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise NoMarks(f"{document.name} needs the lines {BEGIN} and {END}.")
    before, after = text.split(BEGIN, 1)[0], text.split(END, 1)[1]
    parts = [
        tables.heading(report),
        _markdown(tables.designs(report)),
        _markdown(tables.goals(report)),
        *tables.measured(report),
        _markdown(tables.stages(report)),
    ]
    figures = "\n\n".join(parts)
    document.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}", encoding="utf-8")


def _markdown(table: tables.Table) -> str:
    lines = [table.head, ("---",) * len(table.head), *table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
