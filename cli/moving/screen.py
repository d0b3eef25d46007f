"""How the plan of a run looks, before anybody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from cli.moving.preflight import THEN
from cli.screens import grid

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.moving.preflight import Plan

WORDS = {"met": "met", "unmet": "UNMET", "unknown": "unknown", "noted": "noted"}
STYLES = {"met": "green", "unmet": "bold yellow", "unknown": "bold magenta", "noted": "dim"}


def screen(plan: Plan) -> RenderableType:
    """Return the conditions, what will happen, and what may be lost."""
    rows = grid({"no_wrap": True}, {"no_wrap": True}, {"ratio": 1})
    for one in plan.conditions:
        rows.add_row(Text(WORDS[one.state], STYLES[one.state]), one.name, Text(one.detail))
    parts: list[RenderableType] = [
        Text(f"{plan.mode.capitalize()}, as it is known from here", style="bold"),
        rows,
    ]
    if plan.unmet:
        names = ", ".join(c.name for c in plan.unmet)
        parts.append(Text(f"Unless {names} is met by then, {THEN[plan.mode]}."))
    parts += [Text(""), Text("What will happen", style="bold")]
    parts += [Padding(Text(sentence), (0, 0, 0, 2)) for sentence in plan.will_happen]
    parts += [Text(""), Text("What may be lost", style="bold")]
    parts += [Padding(Text(plan.may_be_lost), (0, 0, 0, 2)), Text("")]
    return Group(*parts)
