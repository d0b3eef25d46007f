"""Puts the figures of a report into docs/benchmark.md, between its two marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.config import LabError
from tools.bench.wording import milliseconds, seconds, shown, times
from tools.reader import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tools.bench.plot import Report

DOCUMENT = ROOT / "docs" / "benchmark.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


class NoMarks(LabError):
    """The document has no place for the figures."""


def fill(report: Report, document: Path = DOCUMENT) -> None:
    """Replace what stands between the marks.

    Raises
    ------
    NoMarks
        The document lacks one of them.
    """
    text = document.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise NoMarks(f"{document.name} lacks the line {BEGIN} or {END}.")
    before, after = text.split(BEGIN, 1)[0], text.split(END, 1)[1]
    document.write_text(f"{before}{BEGIN}\n{figures(report)}\n{END}{after}", encoding="utf-8")


def figures(report: Report) -> str:
    """Return the figures as Markdown."""
    day = report["started_at"][:10]
    machine, speed = report["machine"], report["clock"]["speed"]
    switch, fence = report["start_to_switch_seconds"], report["fence"]
    beacon = report["beacon_seconds"]
    lines = [
        f"{len(report['outages'])} outages on {day}, {report['users_per_design']} users of each "
        f"design, seed {report['seed']}, AWS's intervals {speed:g} times faster and given at their "
        f"own length; {machine['cores']} cores, load {machine['load_before']:.1f} before and "
        f"{machine['load_after']:.1f} after.",
        "",
        "| design | read p50 | read p99 | write p50 | write p99 | resolver p99 | p50 to plain "
        "| p99 to plain |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for design in report["designs"]:
        read, write = design["rto_read_seconds"], design["rto_write_seconds"]
        plain = design["to_plain"]
        cells = [
            f"`{design['design']}`",
            seconds(read["p50"]),
            seconds(read["p99"]),
            seconds(write["p50"]),
            seconds(write["p99"]),
            seconds(design["resolver_seconds"]["p99"]),
            times(plain["p50"]),
            times(plain["p99"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| goal | limit | seen | |", "|---|---|---|---|"]
    for goal in report["goals"]:
        verdict = "met" if goal["met"] else "**missed**"
        if goal["held_back_by"]:
            verdict += f": {', '.join(goal['held_back_by'])}"
        limit, seen = shown(goal["limit"], goal["unit"]), shown(goal["seen"], goal["unit"])
        lines.append(f"| {goal['name']} | {limit} | {seen} | {verdict} |")
    lines += [
        "",
        f"Start of the machine to claim: p50 {seconds(switch['p50'])}, p99 "
        f"{seconds(switch['p99'])} (measured). The wait for the beacon is not in it (modelled): "
        f"p50 {seconds(beacon['p50'])}, p99 {seconds(beacon['p99'])}.",
        "",
        f"Fence (measured): adds {milliseconds(fence['added_p50_ms'])} to a median write of "
        f"{milliseconds(fence['without_fence_ms']['p50'])}, and "
        f"{milliseconds(fence['added_with_read_p50_ms'])} plus DynamoDB's own time, a round "
        "trip to the nearest other Region among it, to the one write a second that reads the "
        "control item.",
        "",
        "| design | stage | | mean | p50 | p99 |",
        "|---|---|---|---|---|---|",
    ]
    for design in report["designs"]:
        for stage in design["stages"]:
            kind = "modelled" if stage["modelled"] else "measured"
            each = " | ".join(seconds(stage[k]) for k in ("mean", "p50", "p99"))
            lines.append(f"| `{design['design']}` | {stage['name']} | {kind} | {each} |")
    return "\n".join(lines)
