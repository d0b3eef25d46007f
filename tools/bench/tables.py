"""The report in tables and sentences: the same on the page, in the terminal and in the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.bench import detection
from tools.bench.assumed import DELAYS
from tools.bench.designs import FAST, STANDARD, TUNED, TUNED_FAST
from tools.bench.figures import COLD_RATIO, FENCE_P50, KEPT, RIVAL, VERDICT_DELAYS

Report = Mapping[str, Any]
STYLES = {
    "reset": "Connections are reset",
    "hang": "Connections are made, and nothing answers",
    "drop": "Packets vanish, so that no connection is made",
}


@dataclass(frozen=True)
class Table:
    """A table of texts."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def designs(part: Report) -> Table:
    """Return the RTO of each design, for outages of one style."""
    rows = [
        (
            design["design"],
            *(
                _seconds(design[f"rto_{kind}_seconds"][rank])
                for kind in ("read", "write")
                for rank in ("p50", "p99")
            ),
            *(_figure(design["to_rival"][rank], "ratio") for rank in ("p50", "p99")),
        )
        for design in part["designs"]
    ]
    head = ("design", "read p50", "p99", "write p50", "p99", f"read to {RIVAL}", "p99")
    return Table(STYLES[part["style"]], head, rows)


def caches(part: Report) -> Table:
    """Return the RTO of reads by who keeps the name for how long, and with what is assumed."""
    found: Sequence[Report] = part["designs"]
    rows = [
        ("keeps to the TTL", *(_range(d["rto_read_seconds"]) for d in found)),
        *((who, *(_range(d["rto_read_if_kept_seconds"][who]) for d in found)) for who in KEPT),
        (
            "keeps to the TTL; what the lab leaves out is drawn on top",
            *(_range(d["rto_read_with_assumed_seconds"]) for d in found),
        ),
        (
            "of these, what a cache adds that keeps to the TTL",
            *(_range(d["resolver_seconds"]) for d in found),
        ),
    ]
    head = ("who asks for the name", *(d["design"] for d in found))
    return Table(f"{STYLES[part['style']]}: read p50 and p99 by who keeps the name", head, rows)


def assumed() -> Table:
    """Return what the lab leaves out, and how it is drawn."""
    rows = [
        (
            delay.name,
            f"{delay.least:g}, {delay.likely:g}, {delay.most:g} s",
            f"{delay.ours} and {delay.rivals}",
            f"{delay.chance:.0%}",
            delay.why,
        )
        for delay in DELAYS
    ]
    head = ("assumed", "least, likely, most", "times for ours and a rival", "chance", "why")
    return Table("What the lab leaves out, drawn from triangles", head, rows)


def verdicts(part: Report) -> Table:
    """Return the p50 of reads if Route 53 took some time from a verdict to its answer."""
    rows = []
    for delay in (0.0, *VERDICT_DELAYS):
        p50s = [(d["rto_read_seconds"]["p50"], d["verdicts"] * delay) for d in part["designs"]]
        cells = [_seconds(None if p50 is None else p50 + more) for p50, more in p50s]
        rows.append((f"{delay:g} s" if delay else "none, as measured", *cells))
    head = ("each verdict takes (assumed)", *(d["design"] for d in part["designs"]))
    return Table(f"{STYLES[part['style']]}: read p50 by Route 53's own delay", head, rows)


def goals(report: Report) -> Table:
    """Return which goals were met, and the longest stages where one was missed."""
    rows = []
    of_styles = [
        {**goal, "name": f"{part['style']}: {goal['name']}"}
        for part in report["styles"]
        for goal in part["goals"]
    ]
    for goal in (*of_styles, *report["goals"]):
        limit, figure = _figure(goal["limit"], goal["unit"]), _figure(goal["seen"], goal["unit"])
        why = f": {', '.join(goal['held_back_by'])}" if goal["held_back_by"] else ""
        rows.append((goal["name"], limit, figure, "met" if goal["met"] else f"missed{why}"))
    return Table("Goals", ("goal", "limit", "seen", ""), rows)


def stages(part: Report) -> Table:
    """Return the stages of each design, for outages of one style."""
    rows = [
        (
            design["design"],
            stage["name"],
            "modelled" if stage["modelled"] else "measured",
            *(_seconds(stage[figure]) for figure in ("mean", "p50", "p99")),
        )
        for design in part["designs"]
        for stage in design["stages"]
    ]
    head = ("design", "stage", "", "mean", "p50", "p99")
    return Table(f"{STYLES[part['style']]}: stages", head, rows)


def outages(report: Report) -> Table:
    """Return what came of each outage."""
    rows = [
        (
            str(outage["number"]),
            outage["style"],
            outage["deployed"],
            _seconds(outage["phase_seconds"]),
            outage["started_by"] or "nothing",
            outage["outcome"],
            _seconds(outage["start_to_switch_seconds"]),
        )
        for outage in report["outages"]
    ]
    head = ("outage", "style", "deployed", "phase", "started by", "outcome", "start to claim")
    return Table("Outages", head, rows)


def heading(report: Report) -> str:
    """Return what was run, and where."""
    machine = report["machine"]
    return (
        f"{len(report['outages'])} outages on {report['started_at'][:10]}, "
        f"{report['users_of_a_design']} users of each design, seed {report['seed']}, AWS's "
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


def cold_starts(found: Report) -> Table:
    """Return what the import of each function costs, beside bare clients of the same services."""
    rows = [
        (
            one["function"],
            ", ".join(one["services"]) or "none",
            f"{one['init_p50_ms']:.0f} ms",
            f"{one['bare_p50_ms']:.0f} ms",
            f"{one['ratio']:.2f}",
            "met" if one["ratio"] <= COLD_RATIO else "missed",
        )
        for one in found["functions"]
    ]
    head = ("function", "services", "import, p50", "bare clients, p50", "ratio")
    return Table(
        f"Cold starts: CPU of {found['rounds']} processes each, load {found['load']:g}; the layer "
        f"has {found['layer_mb']:g} MB, {found['bytecode_mb']:g} MB of them bytecode",
        (*head, f"at most {COLD_RATIO:g}"),
        rows,
    )


def false_promotions() -> Table:
    """Return how often a month errors alone promote, or move the users of a tuned failover."""
    rows = [
        (
            f"{rate:.0%}",
            *(_rare(detection.false_promotions(rate, d.failures)) for d in (STANDARD, FAST)),
            *(_rare(detection.false_moves(rate, d.failures)) for d in (TUNED, TUNED_FAST)),
        )
        for rate in detection.ERROR_RATES
    ]
    ours = tuple(f"{d.key} promotes, at most" for d in (STANDARD, FAST))
    rivals = tuple(f"{d.key} moves users" for d in (TUNED, TUNED_FAST))
    return Table("A month of errors (computed)", ("errors", *ours, *rivals), rows)


def outages_that_promote() -> Table:
    """Return which share of the outages of each length promotes, or moves users."""
    shares = [
        *((d, detection.promoted) for d in (STANDARD, FAST)),
        *((d, detection.moved) for d in (TUNED, TUNED_FAST)),
    ]
    rows = [
        (
            f"{seconds:g} s",
            *(f"{detection.share(outcome, seconds, d.failures):.0%}" for d, outcome in shares),
        )
        for seconds in detection.DURATIONS
    ]
    head = ("the outage lasts", *(d.key for d, _ in shares))
    return Table("Which outages move users (drawn from a model)", head, rows)


def _rare(times: float) -> str:
    if times >= 0.1:
        return f"{times:,.1f}"
    return f"once in {1 / times / 12:,.0f} years" if times > 1e-9 else "never"


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"


def _range(spread: Report) -> str:
    """Return p50 and p99."""
    if spread["p50"] is None or spread["p99"] is None:
        return f"{_seconds(spread['p50'])} / {_seconds(spread['p99'])}"
    return f"{spread['p50']:.1f} / {spread['p99']:.1f} s"


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if unit == "ratio" else f"{value:.2f} {unit}"
