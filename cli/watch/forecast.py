"""What is left of a run, by past runs of its kind. Pure. Never a promise."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from pilot_light_client.timestamps import try_parse
from pilotlight.conditions.evidence import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

MOST = 10
_LAST = "traffic_confirmed_at"


@dataclass(frozen=True)
class Past:
    """One past run: when it passed each stage. `end` is when users were served."""

    mode: str
    stages: Mapping[str, datetime]
    end: datetime


@dataclass(frozen=True)
class Forecast:
    """How long past runs took from the stage that this run passed last, at the median."""

    seconds: float
    runs: int
    since: datetime

    def left(self, now: datetime) -> float:
        """Return the seconds that are left. Below zero: past runs had ended by then."""
        return self.seconds - (now - self.since).total_seconds()


def past_runs(recoveries: Sequence[Mapping[str, Any]], rehearsal: Mapping[str, Any]) -> list[Past]:
    """Return the past runs of which the end is known, the newest first."""
    found = [_recovery(record) for record in recoveries]
    begun, ended = try_parse(rehearsal.get("started_at")), try_parse(rehearsal.get("at"))
    if begun and ended:
        found.append(Past("rehearsal", {"started_at": begun}, ended))
    return [past for past in found if past]


def _recovery(record: Mapping[str, Any]) -> Past | None:
    timeline = read_json(record.get("timeline"), {})
    times = {stage: at for stage, text in timeline.items() if (at := try_parse(text))}
    end = times.get(_LAST)
    # A run that completed another one's work has only the end of it.
    if end is None or "promoted_at" not in times:
        return None
    return Past(str(record.get("mode")), times, end)


def forecast(past: Sequence[Past], mode: str, timeline: Mapping[str, Any]) -> Forecast | None:
    """Return what past runs of a mode say, or None if they say nothing.

    `timeline` is this run's own. The stage is the newest that past runs have too.
    """
    same = [p for p in past if p.mode == mode][:MOST]
    passed = {name: at for name, text in timeline.items() if (at := try_parse(text))}
    for stage in sorted(passed, key=lambda name: passed[name], reverse=True):
        took = [(p.end - p.stages[stage]).total_seconds() for p in same if stage in p.stages]
        if took:
            return Forecast(median(took), len(took), passed[stage])
    return None


def words(
    past: Sequence[Past] | None,
    mode: str,
    timeline: Mapping[str, Any],
    now: datetime,
    *,
    after: bool,
) -> str:
    """Return the forecast in words; nothing before the first stage, and once users are served.

    Parameters
    ----------
    past
        None if it could not be read.
    after
        Whether it counts from the end of what is waited for.
    """
    if not timeline or _LAST in timeline:
        return ""
    if past is None:
        return "past runs could not be read"
    found = forecast(past, mode, timeline)
    if found is None:
        return f"no past {mode} to go by"
    runs = f"by {found.runs} past run{'s' if found.runs > 1 else ''}"
    if after:
        return f"after that about {found.seconds:.0f} s, {runs}"
    left = found.left(now)
    return f"about {left:.0f} s left, {runs}" if left >= 0.5 else f"longer than usual, {runs}"
