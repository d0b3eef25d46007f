"""How the plan of an emergency looks, before anybody types its sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from cli.screens import STYLES, grid

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cli.emergency.plan import Plan

TITLES = {
    "take-over": "Make {region} active without the other Region",
    "last-resort": "Let {region} write without a quorum",
}


def screen(plan: Plan) -> RenderableType:
    """Return what is known, what speaks against it, what will happen, and what may be lost."""
    rows = grid({"no_wrap": True}, {"ratio": 1})
    for name, detail in plan.known.items():
        rows.add_row(name, Text(detail))
    doubts = [plan.refusal] if plan.refusal else []
    parts: list[RenderableType] = [
        Text(TITLES[plan.action].format(region=plan.region), style="bold"),
        rows,
        *(Text(f"ATTENTION: {text}", STYLES["attention"]) for text in [*doubts, *plan.warnings]),
    ]
    for title, sentences in (
        ("What will happen", plan.will_happen),
        ("What may be lost, and is not protected", [plan.may_be_lost]),
    ):
        parts += [Text(""), Text(title, style="bold")]
        parts += [Padding(Text(sentence), (0, 0, 0, 2)) for sentence in sentences]
    return Group(*parts, Text(""))
