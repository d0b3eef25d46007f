"""The report in tables and sentences: the same on the page, in the terminal and in the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.bench.figures import FENCE_P50

Report = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A table of texts."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def designs(report: Report) -> Table:
    """Return the RTO of each design."""
    head = ("design", "read p50", "read p99", "write p50", "write p99", "resolver p99")
    rows = [
        (
            design["design"],
            *(
                _seconds(design[f"rto_{kind}_seconds"][rank])
                for kind in ("read", "write")
                for rank in ("p50", "p99")
            ),
            _seconds(design["resolver_seconds"]["p99"]),
            *(_figure(design["to_plain"][rank], "ratio") for rank in ("p50", "p99")),
        )
        for design in report["designs"]
    ]
    return Table("Designs", (*head, "p50 to plain", "p99 to plain"), rows)


def goals(report: Report) -> Table:
    """Return which goals were met, and the longest stages where one was missed."""
    rows = []
    for goal in report["goals"]:
        limit, figure = _figure(goal["limit"], goal["unit"]), _figure(goal["seen"], goal["unit"])
        why = f": {', '.join(goal['held_back_by'])}" if goal["held_back_by"] else ""
        rows.append((goal["name"], limit, figure, "met" if goal["met"] else f"missed{why}"))
    return Table("Goals", ("goal", "limit", "seen", ""), rows)


def stages(report: Report) -> Table:
    """Return the stages of each design."""
    rows = [
        (
            design["design"],
            stage["name"],
            "modelled" if stage["modelled"] else "measured",
            *(_seconds(stage[figure]) for figure in ("mean", "p50", "p99")),
        )
        for design in report["designs"]
        for stage in design["stages"]
    ]
    return Table("Stages", ("design", "stage", "", "mean", "p50", "p99"), rows)


def outages(report: Report) -> Table:
    """Return what came of each outage."""
    rows = [
        (
            str(outage["number"]),
            _seconds(outage["phase_seconds"]),
            outage["started_by"] or "nothing",
            outage["outcome"],
            _seconds(outage["start_to_switch_seconds"]),
        )
        for outage in report["outages"]
    ]
    return Table("Outages", ("outage", "phase", "started by", "outcome", "start to claim"), rows)


def heading(report: Report) -> str:
    """Return what was run, and where."""
    machine = report["machine"]
    return (
        f"{len(report['outages'])} outages on {report['started_at'][:10]}, "
        f"{report['users_per_design']} users of each design, seed {report['seed']}, AWS's "
        f"intervals {report['clock']['speed']:g} times faster and converted to their own length; "
        f"{machine['cores']} cores, load {machine['load_before']:.1f} before and "
        f"{machine['load_after']:.1f} after."
    )


def measured(report: Report) -> list[str]:
    """Return what was measured and not modelled."""
    switch, beacon = report["start_to_switch_seconds"], report["beacon_seconds"]
    return [
        f"Start of the machine to claim: p50 {_seconds(switch['p50'])}, p99 "
        f"{_seconds(switch['p99'])} (measured). The wait for the beacon is not in it (modelled): "
        f"p50 {_seconds(beacon['p50'])}, p99 {_seconds(beacon['p99'])}."
    ]


def fence(costs: Sequence[Report]) -> Table:
    """Return what the fence of each client adds to a write, and whether the goal was met."""
    names = ("without_fence_p50_ms", "added_p50_ms", "added_with_read_p50_ms")
    rows = [
        (
            cost["client"],
            *(f"{cost[name]:.3f} ms" for name in names),
            "met" if cost["added_p50_ms"] <= FENCE_P50 else "missed",
            f"{cost['load']:.1f}",
        )
        for cost in costs
    ]
    figures = ("write without it, p50", "adds, p50", "with a read, p50")
    head = ("client", *figures, f"at most {FENCE_P50:g} ms", "machine's load")
    return Table("What the fence adds", head, rows)


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if unit == "ratio" else f"{value:.2f} {unit}"
