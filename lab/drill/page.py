"""The page of a drill's report: one HTML file that needs nothing else to be read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

Report = Mapping[str, Any]
SLOT = 0.5
MOST_TICKS = 7
PLOT_HEIGHT, LABEL_HEIGHT = 150, 18
NARROWEST_LABELLED_PLOT, CHARACTER_WIDTH = 600, 7.2
# What an event tells, by its `what` and its `state`. SECONDARY stands for the Region.
TOLD = (
    ("ALARM", "", r"\balarm\b"),
    ("promoted", "", r"(?<!not )\bpromoted\b"),
    ("promoted", r"\bpromot", r"^(?!.*\b(not|fail|refus|error))"),
    ("promoted", r"\b(control|active)\b", "SECONDARY"),
    ("DNS moved", r"\b(dns|name)\b", r"\b(moved|secondary)\b|SECONDARY"),
    ("healed", "", r"\b(healed|restored)\b"),
    ("healed", r"\bheal(ed)?\b", ""),
)


@dataclass(frozen=True)
class Tick:
    """A value on an axis, and where it stands in percent."""

    value: float
    x: float


@dataclass(frozen=True)
class Bar:
    """A stage on the axis of the recovery. `x` and `width` are percent of the whole."""

    starts: float
    ends: float
    x: float
    width: float
    stage: Report


@dataclass(frozen=True)
class Column:
    """A slot. `x` and `width` are percent; `parts` are (kind, y, height) in pixels of the plot."""

    x: float
    width: float
    parts: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Mark:
    """A moment that explains the columns. Labels on one `level` do not touch each other."""

    name: str
    at: float
    x: float
    level: int = 0
    leftward: bool = False


@dataclass(frozen=True)
class Phase:
    """A time in which the same Regions answered, and requests failed or did not."""

    starts: float
    ends: float
    good: Mapping[str, int]
    failed: int


@dataclass(frozen=True)
class Chart:
    """What the client saw, drawn. `kinds` names the style of each Region's columns."""

    columns: tuple[Column, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    kinds: Mapping[str, str]
    peak: int
    without_service: tuple[float, float] | None

    @property
    def top(self) -> int:
        """Pixels above the plot, for the labels of the marks."""
        return LABEL_HEIGHT * (1 + max(m.level for m in self.marks)) + 6


def render(report: Report) -> str:
    """Return the page of a report that report.schema.json describes."""
    env = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(seconds=seconds, tenths=tenths, signed=signed, moment=moment)
    evidence, stages = report["evidence"], report["stages"]
    return env.get_template("report.html.j2").render(
        report=report,
        sentence=sentence(report),
        bars=bars(stages),
        stage_ticks=ticks(0, sum(s["seconds"] for s in stages)),
        chart=chart(report),
        phases=phases(report["client"]["slots"]),
        decision=evidence["decision"],
        conditions=_mappings(evidence["decision"].get("conditions")),
        evidence={
            n: evidence_part(evidence["checks"], n) for n in ("confirm", "readiness", "warm")
        },
        plot_height=PLOT_HEIGHT,
        label_height=LABEL_HEIGHT,
    )


def sentence(report: Report) -> str:
    """Say in one plain sentence what happened. A null RPO means that nothing was promoted."""
    primary, secondary = report["regions"]["primary"], report["regions"]["secondary"]
    rto, rpo, client = report["rto_seconds"], report["rpo_seconds"], report["client"]
    if rto is not None:
        place = "again" if rpo is None else f"from {secondary}"
        users = f"users were served {place} after {seconds(rto)}"
    elif client["failed"]:
        users = "users were not served again while the drill ran"
    else:
        users = "no user request failed"
    ended = {
        "held": "the recovery was on hold when the drill ended",
        "hold_ended": "the recovery ended its hold",
        "failed": "the recovery failed",
        "none": "no run of the recovery ended",
    }.get(report["outcome"])
    missing, written = client["missing_writes"], client["acknowledged_writes"]
    if rpo is None:
        writes = "nothing was promoted"
    elif missing:
        writes = f"{missing} of {written} acknowledged writes had not reached {secondary}"
    else:
        writes = "no acknowledged write was lost"
    return "; ".join(part for part in (f"{primary} was lost", users, ended, writes) if part) + "."


def bars(stages: Sequence[Report]) -> tuple[Bar, ...]:
    """Lay the stages end to end, at AWS's intervals, on an axis that is as long as all of them."""
    total = sum(s["seconds"] for s in stages) or 1.0
    found, at = [], 0.0
    for stage in stages:
        ends = at + stage["seconds"]
        found.append(Bar(at, ends, _percent(at, total), _percent(stage["seconds"], total), stage))
        at = ends
    return tuple(found)


def ticks(low: float, high: float) -> tuple[Tick, ...]:
    """Return round values between two ends, at most seven, with their places in percent."""
    span = high - low
    if span <= 0:
        return ()
    unit = 10.0 ** math.floor(math.log10(span / MOST_TICKS))
    step = next(unit * m for m in (1, 2, 5, 10, 20) if span / (unit * m) <= MOST_TICKS - 1)
    values = [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return tuple(Tick(round(v, 6), _percent(v - low, span)) for v in values)


def chart(report: Report) -> Chart | None:
    """Draw what the client saw. None where it saw nothing."""
    slots, pair = report["client"]["slots"], tuple(report["regions"].values())
    if not slots:
        return None
    told = moments_told(report)
    low = min(0.0, *(s["at"] for s in slots))
    high = max(*(s["at"] + SLOT for s in slots), *told.values())
    span = high - low
    others = sorted({region for slot in slots for region in slot["good"]} - set(pair))
    kinds = {region: f"region-{i}" for i, region in enumerate((*pair, *others))}
    peak = max(1, *(s["failed"] + sum(s["good"].values()) for s in slots))
    columns = tuple(
        Column(_percent(s["at"] - low, span), _percent(SLOT, span), _parts(s, kinds, peak))
        for s in slots
    )
    marks = placed([Mark(name, at, _percent(at - low, span)) for name, at in told.items()])
    wall, gap = report["clock"]["rto_wall_seconds"], None
    if wall is not None and report["stages"]:
        gap = _percent(report["stages"][0]["starts_at"] - low, span), _percent(wall, span)
    return Chart(columns, marks, ticks(low, high), kinds, peak, gap)


def _parts(
    slot: Report, kinds: Mapping[str, str], peak: int
) -> tuple[tuple[str, float, float], ...]:
    counts = [(kind, slot["good"].get(region, 0)) for region, kind in kinds.items()]
    found, below = [], 0
    for kind, count in (*counts, ("failed", slot["failed"])):
        below += count
        if count:
            y = PLOT_HEIGHT * (1 - below / peak)
            found.append((kind, round(y, 2), round(PLOT_HEIGHT * count / peak, 2)))
    return tuple(found)


def placed(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Put each mark below the earlier ones whose labels its own label, or its line, would cross."""
    found: list[tuple[float, float, Mark]] = []
    for mark in sorted(marks, key=lambda m: m.at):
        width = _percent((len(mark.name) + 3) * CHARACTER_WIDTH, NARROWEST_LABELLED_PLOT)
        leftward = mark.x + width > 100
        low, high = (mark.x - width, mark.x) if leftward else (mark.x, mark.x + width)
        level = max((m.level + 1 for a, b, m in found if low <= b and high >= a), default=0)
        found.append((low, high, replace(mark, level=level, leftward=leftward)))
    return tuple(mark for _, _, mark in found)


def moments_told(report: Report) -> dict[str, float]:
    """Find when the things happened that explain the columns. Moments count from the outage."""
    found = {"outage": 0.0}
    secondary = re.escape(report["regions"]["secondary"])
    for event in sorted(report["timeline"], key=lambda e: float(e["at"])):
        what = event["what"].replace(report["public_name"], "name")
        for name, subject, words in TOLD:
            said = re.search(words.replace("SECONDARY", secondary), event["state"], re.IGNORECASE)
            if event["at"] >= 0 and said and re.search(subject, what, re.IGNORECASE):
                found.setdefault(name, event["at"])
    return found


def phases(slots: Sequence[Report]) -> tuple[Phase, ...]:
    """Tell the columns in words: join neighbours that look alike, and slots without requests."""
    found: list[Phase] = []
    for slot in slots:
        good = {region: n for region, n in slot["good"].items() if n}
        last = found[-1] if found else Phase(slot["at"], slot["at"], good, slot["failed"])
        alike = (set(good), slot["failed"] > 0) == (set(last.good), last.failed > 0)
        if not found or not (alike or not (good or slot["failed"])):
            found.append(Phase(slot["at"], slot["at"] + SLOT, good, slot["failed"]))
            continue
        summed = {r: n + good.get(r, 0) for r, n in last.good.items()}
        found[-1] = Phase(last.starts, slot["at"] + SLOT, summed, last.failed + slot["failed"])
    return tuple(found)


def evidence_part(checks: Report, name: str) -> dict[str, Any]:
    """Return one part of the evidence; `missing` or `error` say that there is none."""
    part = checks.get(name)
    if not isinstance(part, Mapping) or not part:
        return {"missing": True}
    error = part.get("error")
    if error is None:
        return {**part, **{k: _mappings(part.get(k)) for k in ("probes", "checks", "targets")}}
    if isinstance(error, Mapping) and "Error" in error:
        return {"error": f"{error['Error']}: {error.get('Cause', 'no cause given')}"}
    return {"error": error if isinstance(error, str) else json.dumps(error)}


def _mappings(found: Any) -> list[Report]:
    return [f for f in found if isinstance(f, Mapping)] if isinstance(found, list) else []


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 4)


def seconds(value: float) -> str:
    """Write a duration: 66.8 s, 5 s, 0.42 s."""
    text = f"{value:.{2 if value < 1 else 1}f}".rstrip("0").rstrip(".")
    return f"{text}\N{NO-BREAK SPACE}s"


def tenths(value: Any) -> str:
    """Write a number of a column that is read downwards; nothing where there is none."""
    return f"{value:.1f}" if isinstance(value, int | float) else ""


def signed(value: float) -> str:
    """Write a moment before or after the outage."""
    rounded = round(value, 1)
    return f"{rounded:+.1f}".replace("-", "\N{MINUS SIGN}") if rounded else "0.0"


def moment(text: str) -> str:
    """Write an ISO 8601 moment for people, in UTC as it came."""
    found = datetime.fromisoformat(text)
    return f"{found.day} {found:%B %Y, %H:%M:%S}"
