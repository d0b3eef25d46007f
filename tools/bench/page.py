"""The page of a benchmark: one file that needs nothing else to be read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader

from lab.drill.report.charts import ticks
from tools.bench import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORTEST_AXIS = 90.0


def render(report: tables.Report) -> str:
    """Return the page of a report."""
    env = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    env.trim_blocks = env.lstrip_blocks = True
    served = [s for design in report["designs"] for s in design["seconds"]]
    longest = max([SHORTEST_AXIS, *served]) * 1.04
    return env.get_template("bench.html.j2").render(
        report=report,
        tables=tables,
        longest=longest,
        ticks=ticks(0, longest),
        curves=[curve(d["seconds"], d["samples"], longest) for d in report["designs"]],
    )


def curve(seconds: Sequence[float], samples: int, longest: float) -> str:
    """Return the corners of the share of users served again, in percent of a picture.

    The share grows by a step with each user. Users who never are keep it below the top.
    """
    corners = [(0.0, 100.0)]
    for served, at in enumerate(sorted(seconds), start=1):
        x = 100 * at / longest
        corners += [(x, corners[-1][1]), (x, 100 - 100 * served / samples)]
    corners.append((100.0, corners[-1][1]))
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in corners)
