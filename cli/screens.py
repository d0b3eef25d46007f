"""What the screens of all commands have in common. Words carry the meaning; colour only helps."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

STYLES = {
    "ok": "green",
    "healthy": "bold green",
    "attention": "bold yellow",
    "failing": "bold red",
    "unknown": "bold magenta",
    "not_applicable": "dim",
}
WORDS = {"attention": "ATTENTION", "failing": "FAILING", "not_applicable": "-"}


def console(*, stderr: bool = False) -> Console:
    """Return a console. Rich honours NO_COLOR, COLUMNS, and that the output is no terminal."""
    return Console(highlight=False, stderr=stderr)


def badge(verdict: str) -> Text:
    """Return a verdict as a word."""
    return Text(WORDS.get(verdict, verdict), style=STYLES.get(verdict, ""))


def grid(*columns: dict[str, Any]) -> Table:
    """Return a table without lines. The last column takes the rest of the width, and wraps."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), expand=True)
    for column in columns:
        table.add_column(**{"overflow": "fold", **column})
    return table


def table(*heads: str, whole: int = 1) -> Table:
    """Return a table with heads. The first columns, as many as `whole`, never wrap."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", title_justify="left")
    for number, head in enumerate(heads):
        made.add_column(head, overflow="fold", no_wrap=number < whole)
    return made
