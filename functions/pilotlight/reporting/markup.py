"""Tables of the report's page and of the overview's widget."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    named: int | None = None,
    style: str = "",
) -> str:
    """Return a table, or nothing without rows.

    Parameters
    ----------
    rows
        Cells that are markup already.
    named
        Which cell of each row names the row.
    style
        For pages that may have no style sheet.
    """
    if not rows:
        return ""
    attribute = f' style="{style}"' if style else ""
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    lines = "".join(
        f"<tr>{''.join(_cell(c, names_row=n == named) for n, c in enumerate(row))}</tr>"
        for row in rows
    )
    return (
        f"<table{attribute}>"
        f"{f'<caption>{escape(caption)}</caption>' if caption else ''}"
        f"{f'<thead><tr>{top}</tr></thead>' if heads else ''}<tbody>{lines}</tbody></table>"
    )


def _cell(markup: str, *, names_row: bool) -> str:
    return f'<th scope="row">{markup}</th>' if names_row else f"<td>{markup}</td>"
