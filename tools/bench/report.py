"""Turns what the benchmark measured into bench.json, its page, and the figures in the docs."""

from __future__ import annotations

import json
import os
import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader

from lab.drill.report.charts import ticks
from tools.bench import tables
from tools.bench.assumed import with_delays
from tools.bench.designs import DESIGNS, Design
from tools.bench.figures import (
    KEPT,
    LONGEST_INTERVAL,
    OURS,
    RIVAL,
    STYLES,
    by_stage,
    goals,
    ratio,
    spread,
    switch_goal,
)
from tools.reader import ROOT, marks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.config import LabConfig
    from lab.engine.outages.losses import Style
    from tools.bench.samples import Sample
    from tools.bench.scenario import Outage

SHORTEST_AXIS = 90.0
DOCUMENT = ROOT / "docs" / "benchmark.md"
FIGURES, FENCE, COLD = "figures", "fence", "cold"
KIND = {"kind": "bench", "version": 7}
MODELLED = (
    "AWS's own intervals, {speed:g} times faster here: intervals of health checks, the minute of "
    "their metric, alarm periods, CloudWatch's delays, and DNS TTLs. "
    "Their seconds are at AWS's length again, so that a tenth of a second here counts as "
    "{tenth:g} s.",
    "Users: each has a resolver of its own that honours the TTL and was last asked at a random "
    "moment; it asks again at once when the TTL has run out. A browser's row is computed from the "
    "same phases, with a minute for the TTL.",
    "Whoever asks what is lost waits in vain at AWS's length: a checker four seconds for a "
    "connection and two for an answer, a user one and two. Code under test waits in real seconds.",
    "From a health check's verdict to the name servers' answer: no time. A table of its own adds "
    "assumed delays.",
    "All designs lead to the same application. The fence and its lease are not held against the "
    "designs that have none: their users count as served, and as writing, when a read is good.",
    "The lease and the round trips of the control table are real seconds, which no speed divides.",
    "Neither Lambda's cold starts nor, but for the control table, the latency between Regions.",
)


def report(
    config: LabConfig,
    outages: Sequence[Outage],
    *,
    started: float,
    seed: int,
    users: int,
    fence: Sequence[Mapping[str, Any]],
    load: float,
) -> dict[str, Any]:
    """Return the report. Seconds are at AWS's own intervals unless they are called measured."""
    samples = [s for o in outages for s in o.samples]
    to_switch = [o.start_to_switch for o in outages]
    ours = [s for s in samples if s.design == OURS]
    return {
        **KIND,
        "id": datetime.fromtimestamp(started, UTC).strftime("%Y%m%dT%H%M%SZ"),
        "started_at": _moment(started),
        "ended_at": _moment(time.time()),
        "clock": {"speed": config.speed},
        "seed": seed,
        "longest_interval_seconds": LONGEST_INTERVAL,
        "users_of_a_design": users,
        "regions": {"primary": config.primary_region, "secondary": config.secondary_region},
        "machine": {
            "cores": os.cpu_count() or 1,
            "python": platform.python_version(),
            "load_before": round(load, 2),
            "load_after": round(os.getloadavg()[0], 2),
        },
        "modelled": [m.format(speed=config.speed, tenth=config.speed / 10) for m in MODELLED],
        "styles": [_style(style, outages) for style in STYLES],
        "start_to_switch_seconds": spread(to_switch),
        "beacon_seconds": spread([o.beacon for o in outages]),
        "fence": [dict(cost) for cost in fence],
        "goals": switch_goal(to_switch, ours),
        "unrecovered": sum(s.total is None for s in samples),
        "outages": [_outage(o) for o in outages],
    }


def _style(style: Style, outages: Sequence[Outage]) -> dict[str, Any]:
    """Return what came of the outages of one style."""
    of_style = [o for o in outages if o.phases.style == style]
    lost = [(o, s) for o in of_style for s in o.samples]
    each = {d.key: [s for _, s in lost if s.design == d.key] for d in DESIGNS}
    kept = {
        d.key: {
            who: spread([_kept(o, s, seconds) for o, s in lost if s.design == d.key])
            for who, seconds in KEPT.items()
        }
        for d in DESIGNS
    }
    return {
        "style": style,
        "outages": len(of_style),
        "designs": [_design(d, each[d.key], each[RIVAL], kept[d.key]) for d in DESIGNS],
        "goals": goals(style, each),
    }


def _kept(outage: Outage, sample: Sample, seconds: float) -> float | None:
    """Return the RTO of a user whose name is kept for so many seconds, at the same phase."""
    if sample.reads is None or sample.resolver is None:
        return None
    share = outage.phases.caches[sample.design][sample.user]
    return round(sample.reads - sample.resolver + share * seconds, 3)


def _design(
    design: Design,
    samples: Sequence[Sample],
    rival: Sequence[Sample],
    kept: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    reads, of_rival = spread([s.reads for s in samples]), spread([s.reads for s in rival])
    return {
        "design": design.key,
        "title": design.title,
        "summary": design.summary,
        "samples": len(samples),
        "unrecovered": sum(s.total is None for s in samples),
        "verdicts": 2 if design.deployed else 1,
        "rto_read_seconds": reads,
        "rto_write_seconds": spread([s.total for s in samples]),
        "rto_read_if_kept_seconds": dict(kept),
        "rto_read_with_assumed_seconds": spread(
            with_delays([s.reads for s in samples], ours=design.deployed)
        ),
        "resolver_seconds": spread([s.resolver for s in samples]),
        "to_rival": {p: ratio(reads[p], of_rival[p]) for p in ("p50", "p99")},
        "stages": by_stage(samples),
        "seconds": sorted(s.reads for s in samples if s.reads is not None),
    }


def _outage(outage: Outage) -> dict[str, Any]:
    return {
        "number": outage.number,
        "style": outage.phases.style,
        "deployed": outage.phases.ours,
        "started_at": _moment(outage.started),
        "phase_seconds": outage.phases.outage,
        "started_by": outage.started_by,
        "outcome": outage.outcome,
        "start_to_switch_seconds": outage.start_to_switch,
        "beacon_seconds": outage.beacon,
        "users": [
            {
                "design": s.design,
                "user": s.user,
                "cache_share": outage.phases.caches[s.design][s.user],
                "rto_read_seconds": s.reads,
                "rto_write_seconds": s.total,
                "stages": {p.name: p.seconds for p in s.parts},
            }
            for s in outage.samples
        ],
    }


def write(report: Mapping[str, Any], place: Path) -> None:
    """Write bench.json and bench.html into a folder."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "bench.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    (place / "bench.html").write_text(render(report), encoding="utf-8")


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def render(report: tables.Report) -> str:
    """Return the page of a report."""
    env = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    env.trim_blocks = env.lstrip_blocks = True
    served = [s for part in report["styles"] for d in part["designs"] for s in d["seconds"]]
    longest = max([SHORTEST_AXIS, *served]) * 1.04
    return env.get_template("bench.html.j2").render(
        report=report,
        tables=tables,
        longest=longest,
        ticks=ticks(0, longest),
        curves={
            part["style"]: [curve(d["seconds"], d["samples"], longest) for d in part["designs"]]
            for part in report["styles"]
        },
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


def fill(report: tables.Report, document: Path = DOCUMENT) -> None:
    """Replace what stands between the marks: the figures of the outages, and those of the fence.

    Raises
    ------
    NoMarks
        One of them is missing.
    """
    parts = [
        tables.heading(report),
        *(
            f"{table.title}:\n\n{_markdown(table)}"
            for part in report["styles"]
            for table in (tables.designs(part), tables.caches(part), tables.verdicts(part))
        ),
        f"{tables.assumed().title}:\n\n{_markdown(tables.assumed())}",
        _markdown(tables.goals(report)),
        *tables.measured(report),
        *(
            f"{table.title}:\n\n{_markdown(table)}"
            for table in (tables.outages_that_promote(), tables.false_promotions())
        ),
        *(
            f"{table.title}:\n\n{_markdown(table)}"
            for table in map(tables.stages, report["styles"])
        ),
    ]
    marks.fill(document, FIGURES, "\n\n".join(parts))
    fill_fence(report["fence"], document)


def fill_fence(costs: Sequence[Mapping[str, Any]], document: Path = DOCUMENT) -> None:
    """Replace the figures of the fence alone.

    Raises
    ------
    NoMarks
        A mark is missing.
    """
    marks.fill(document, FENCE, _markdown(tables.fence(costs)))


def fill_cold(found: Mapping[str, Any], document: Path = DOCUMENT) -> None:
    """Replace the figures of cold starts.

    Raises
    ------
    NoMarks
        A mark is missing.
    """
    table = tables.cold_starts(found)
    marks.fill(document, COLD, f"{table.title}.\n\n{_markdown(table)}")


def _markdown(table: tables.Table) -> str:
    lines = [table.head, ("---",) * len(table.head), *table.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
