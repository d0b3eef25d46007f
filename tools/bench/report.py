"""Turns what the benchmark saw into bench.json, its plot and its page."""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from tools.bench.designs import DESIGNS
from tools.bench.figures import LONGEST_INTERVAL, PLAIN, by_stage, goals, ratio, spread
from tools.bench.page import draw, render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lab.config import LabConfig
    from tools.bench.samples import Sample
    from tools.bench.scenario import Outage

SCHEMA = Path(__file__).with_name("bench.schema.json")
MODELLED = (
    "AWS's own intervals, {speed:g} times faster here: intervals of health checks, the minute of "
    "their metric and of the metric switch's, alarm periods, CloudWatch's delays, and DNS TTLs. "
    "Their seconds are at AWS's length again, so that a tenth of a second here counts as "
    "{tenth:g} s.",
    "Users: each has a resolver of its own that honours the TTL and was last asked at a random "
    "moment; it asks again at once when the TTL has run out. Resolvers that keep answers longer "
    "than their TTL are not modelled.",
    "From a health check's verdict to the name servers' answer: no time, for every design alike.",
    "The metric switch: moved by hand without reaction time, and judged at the instant the "
    "metric's minute closes. Both are lower bounds.",
    "All designs lead to the same application. The fence and its lease are not held against the "
    "two designs that have none: their users count as served, and as writing, when a read is good.",
    "The lease and the round trips of the control table are real seconds, which no speed divides.",
    "Neither Lambda's cold starts nor, but for the control table, the latency between Regions.",
)


def report(
    config: LabConfig,
    seen: Sequence[Outage],
    *,
    started: float,
    seed: int,
    users: int,
    fence: Mapping[str, Any],
    load: float,
) -> dict[str, Any]:
    """Return the report, as bench.schema.json describes it."""
    samples = {d.key: [s for o in seen for s in o.samples if s.design == d.key] for d in DESIGNS}
    to_switch = [o.start_to_switch for o in seen]
    judged = goals(samples, to_switch, float(fence["added_p50_ms"]))
    found = {
        "version": 2,
        "kind": "bench",
        "id": datetime.fromtimestamp(started, UTC).strftime("%Y%m%dT%H%M%SZ"),
        "started_at": _moment(started),
        "ended_at": _moment(time.time()),
        "clock": {"speed": config.speed},
        "seed": seed,
        "longest_interval_seconds": LONGEST_INTERVAL,
        "users_per_design": users,
        "regions": {"primary": config.primary_region, "secondary": config.secondary_region},
        "machine": {
            "cores": os.cpu_count() or 1,
            "python": platform.python_version(),
            "load_before": round(load, 2),
            "load_after": round(os.getloadavg()[0], 2),
        },
        "modelled": [m.format(speed=config.speed, tenth=config.speed / 10) for m in MODELLED],
        "designs": [
            _design(d.key, d.title, d.summary, samples[d.key], samples[PLAIN]) for d in DESIGNS
        ],
        "start_to_switch_seconds": spread(to_switch),
        "beacon_seconds": spread([o.beacon for o in seen]),
        "fence": dict(fence),
        "goals": [
            {**asdict(g), "met": g.met, "held_back_by": list(g.held_back_by)} for g in judged
        ],
        "unrecovered": sum(s.total is None for of in samples.values() for s in of),
        "outages": [_outage(o) for o in seen],
    }
    validate(found)
    return found


def validate(found: Mapping[str, Any]) -> None:
    """Refuse what is not a report of the benchmark."""
    jsonschema.validate(found, json.loads(SCHEMA.read_text(encoding="utf-8")))


def _design(
    key: str, title: str, summary: str, samples: Sequence[Sample], plain: Sequence[Sample]
) -> dict[str, Any]:
    totals, of_plain = spread([s.total for s in samples]), spread([s.total for s in plain])
    return {
        "design": key,
        "title": title,
        "summary": summary,
        "samples": len(samples),
        "unrecovered": sum(s.total is None for s in samples),
        "failed_after_recovery": sum(s.failed_later for s in samples),
        "rto_read_seconds": spread([s.reads for s in samples]),
        "rto_write_seconds": totals,
        "resolver_seconds": spread([s.resolver for s in samples]),
        "to_plain": {p: ratio(totals[p], of_plain[p]) for p in ("p50", "p99")},
        "stages": [asdict(f) for f in by_stage(samples)],
        "seconds": sorted(s.total for s in samples if s.total is not None),
    }


def _outage(outage: Outage) -> dict[str, Any]:
    return {
        "number": outage.number,
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


def write(found: dict[str, Any], folder: Path) -> Path:
    """Write bench.json, bench.svg and bench.html, point `latest` to them, return their folder.

    The folder appears whole or not at all.
    """
    name = str(found["id"])
    place, half = folder / name, folder / f".{name}"
    half.mkdir(parents=True, exist_ok=True)
    (half / "bench.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    render_into(found, half)
    if place.exists():
        shutil.rmtree(place)
    half.rename(place)
    link = folder / f".latest-{os.getpid()}"
    link.symlink_to(place.name)
    link.replace(folder / "latest")
    return place


def render_into(found: dict[str, Any], folder: Path) -> None:
    """Write the plot and the page of a report."""
    (folder / "bench.svg").write_text(draw(found), encoding="utf-8")
    (folder / "bench.html").write_text(render(found), encoding="utf-8")


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
