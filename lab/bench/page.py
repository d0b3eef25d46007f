"""The plot and the page of a benchmark: files that need nothing else to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from lab.bench import plot
from lab.bench.wording import milliseconds, seconds, shown, times
from lab.drill.report.page import moment


def _environment() -> Environment:
    env = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    env.trim_blocks = env.lstrip_blocks = True
    words = {"seconds": seconds, "shown": shown, "times": times, "milliseconds": milliseconds}
    env.filters.update(words, moment=moment)
    return env


def draw(report: plot.Report) -> str:
    """Return the plot of a report, an SVG."""
    speed, outages = report["clock"]["speed"], len(report["outages"])
    caption = (
        f"{outages} outages, {report['users_per_design']} users of each design. AWS's intervals "
        f"are modelled and ran {speed:g} times faster; seconds are at AWS's length."
    )
    return (
        _environment()
        .get_template("plot.svg.j2")
        .render(
            plot=plot.plot(report),
            caption=caption,
            up=plot.upwards,
            width=plot.WIDTH,
            left=plot.LEFT,
            top=plot.CURVES_TOP,
            legend_y=plot.LEGEND_Y,
            bars_top=plot.BARS_TOP,
            bar_height=plot.BAR_HEIGHT,
        )
    )


def render(report: plot.Report) -> str:
    """Return the page of a report that bench.schema.json describes."""
    drawn: Any = Markup(draw(report))
    return _environment().get_template("bench.html.j2").render(report=report, plot=drawn)
