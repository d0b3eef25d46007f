"""A report of a benchmark, made by the code that makes them, from outages that were not run."""

from __future__ import annotations

from typing import Any

from tests.unit.lab.engine.fakes import CONFIG
from tools.bench import report
from tools.bench.designs import DESIGNS, OURS, RIVALS
from tools.bench.figures import STYLES, Phases
from tools.bench.samples import Part, Sample
from tools.bench.scenario import Outage

FENCE = {
    "client": "Python",
    "rounds": 1500,
    "without_fence_p50_ms": 2.25,
    "added_p50_ms": 0.01,
    "added_with_read_p50_ms": 0.6,
    "load": 0.5,
}
SHARES = {d.key: (0.25, 0.75) for d in DESIGNS}
USUAL: dict[str, list[float | None]] = {
    "standard": [22.0, 28.0],
    "fast": [12.0, 20.0],
    "tuned": [32.0, 39.0],
    "tuned-fast": [14.0, 19.0],
    "plain": [96.0, 139.0],
}


def sample(design: str, user: int, total: float | None) -> Sample:
    parts = () if total is None else (_part("detection", total - 5), _part("resolver", 5))
    return Sample(design, user, total, total, parts)


def _part(name: str, seconds: float) -> Part:
    return Part(name, seconds, modelled=name != "promotion")


def outage(number: int, style: Any, ours: str, totals: dict[str, list[float | None]]) -> Outage:
    designs = (ours, *(d.key for d in RIVALS))
    samples = tuple(sample(d, i, t) for d in designs for i, t in enumerate(totals[d]))
    phases = Phases(style, ours, 12.5, SHARES)
    return Outage(number, phases, 1_760_000_000.0, "sentinel", "promoted", 2.5, 1.5, samples)


def bench(**totals: list[float | None]) -> dict[str, Any]:
    run = [(style, ours.key) for style in STYLES for ours in OURS]
    return report.report(
        CONFIG.with_options(speed=10.0),
        [outage(n, *each, {**USUAL, **totals}) for n, each in enumerate(run, start=1)],
        started=1_760_000_000.0,
        seed=7,
        users=2,
        fence=[FENCE],
        load=0.5,
    )
