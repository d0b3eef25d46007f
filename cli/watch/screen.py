"""Lines of a run on a terminal of any width, and the line at the bottom that changes."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from cli.watch.waits import clock

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console, RenderableType

    from cli.watch.lines import Line
    from cli.watch.verdict import Verdict
    from cli.watch.waits import Waiting

_STYLES = {"met": "green", "UNMET": "bold yellow", "failed": "red", "decided": "bold"}
# Those that colour the label, not the text.
_OF_LABEL = {"met", "UNMET"}
# The longest names of states fit: tests/unit/cli/watch/test_words.py.
_TIME, _LABEL, _WORD = 9, 22, 5
_VERDICTS = {0: "bold green", 1: "bold yellow", 3: "bold red"}


def line(of: Line, started: datetime | None) -> RenderableType:
    """Return a line: the seconds since the start, the state's name, and words that wrap."""
    seconds = ""
    if of.at is not None and started is not None:
        seconds = f"{max(0.0, (of.at - started).total_seconds()):.1f} s"
    # A condition has no time and no state, but much to say.
    widths = (_TIME, _LABEL) if of.at is not None else (_TIME, _WORD)
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=widths[0], justify="right", no_wrap=True)
    table.add_column(width=widths[1], no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    style = _STYLES.get(of.style, "")
    whole = of.style not in _OF_LABEL
    label = Text("  " * of.depth + of.label, "" if whole else style)
    table.add_row(Text(seconds), label, Text(of.text, style if whole else ""))
    return table


def head(machine: str, name: str, region: str, started: datetime, mode: str | None) -> Text:
    """Return what is watched."""
    begun = f"{started.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Text.assemble(
        (name, "bold"),
        f"  {mode or machine}, {machine} in {region}, started {begun}",
    )


def waits(of: Waiting, now: datetime, forecast: str = "") -> str:
    """Return what is waited for, until when, and what is left."""
    seconds = max(0.0, (now - of.since).total_seconds())
    parts = [f"{of.state} ({seconds:.0f} s) {of.what}".rstrip()]
    if of.until is not None:
        left = (of.until - now).total_seconds()
        parts.append(f"until {clock(of.until)}" + (f" (in {left:.0f} s)" if left > 0 else ""))
    parts += [text for text in (of.then, forecast) if text]
    return "; ".join(parts)


def live(
    waiting: str, started: datetime | None, now: datetime, problem: str = ""
) -> RenderableType:
    """Return the line at the bottom."""
    text = Text.assemble(("… ", "bold"))
    if started is not None:
        text.append(f"{max(0.0, (now - started).total_seconds()):.0f} s  ", "bold")
    text.append(waiting)
    if problem:
        text.append(f"\n  {problem}", "bold magenta")
    return text


def print_end(out: Console, verdict: Verdict, seconds: float | None) -> None:
    """Print the verdict, the report's place, and what to do next."""
    took = "" if seconds is None else f" after {seconds:.1f} s"
    out.print()
    out.print(Text.assemble((verdict.headline, _VERDICTS.get(verdict.exit_code, "bold")), took))
    if verdict.summary:
        out.print(Text(verdict.summary))
    if verdict.report:
        # An address stays in one piece, so that it can be copied.
        out.print(Text(f"Report:\n  {verdict.report}report.html"), soft_wrap=True)
    for text in verdict.next:
        out.print(Text(f"Next: {text}"))
