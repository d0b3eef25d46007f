"""From the evidence of a preflight to a decision: proceed, or refuse and change nothing.

A planned move can wait, so every observation is needed, and what was not observed is unmet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from pilot_light_client.choice import choice
from pilot_light_client.heartbeat import PASSIVE_MS, PATIENCE
from pilot_light_client.timestamps import has_happened, parse, try_parse

from pilotlight.conditions.condition import (
    Condition,
    Decision,
    condition,
    ready,
    reasons,
    unmet,
    warm,
)
from pilotlight.conditions.evidence import section, sections
from pilotlight.conditions.hook import hook_ready
from pilotlight.conditions.recorded import SCHEDULED, scheduled_ready

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pilotlight.hooks.hook import Hook

Mode = Literal["switchover", "failback"]
PRIMARY, SOURCE, TARGET, WARM = "primary_healthy", "source_serves", "target_ready", "target_warm"
RELEASES, REPLICATION = "release_parity", "replication_healthy"
CAUGHT_UP, LEDGER = "caught_up", "ledger_reviewed"
# The sentinel probes at least once a minute. After a longer silence its item proves nothing.
SENTINEL_SILENT = timedelta(seconds=150)
# What replication may take beyond the pause between two heartbeats, and what clocks may differ.
REPLICATION_SECONDS = 10.0


@dataclass(frozen=True)
class Move:
    """The Region in which the application serves, and the one in which it is to serve.

    Raises
    ------
    ValueError
        The mode is unknown. It is named.
    """

    mode: Mode
    source: str
    target: str

    def __post_init__(self) -> None:
        choice("mode", self.mode, Mode)


@dataclass(frozen=True)
class Patience:
    """For how long the Primary has to be well, and the pause between the source's heartbeats."""

    healthy: timedelta
    heartbeat: timedelta


def decide_on(
    event: Mapping[str, Any], patience: Patience, ready_hook: Hook | None = None
) -> Decision:
    """Decide on a move as the machine hands it over. A part that is missing is an error."""
    request = event["request"]
    move = Move(request["mode"], request["source"], request["target"])
    return decide(
        move,
        evidence=event["evidence"],
        patience=patience,
        now=parse(event["now"]),
        ready_hook=ready_hook,
    )


def decide(
    move: Move,
    *,
    evidence: Mapping[str, Any],
    patience: Patience,
    now: datetime,
    ready_hook: Hook | None = None,
) -> Decision:
    """Decide whether a planned move may begin: `proceed`, or `refuse`.

    Parameters
    ----------
    evidence
        What `preflight`, `readiness`, `warm`, `hook`, `watermark` and, for a failback, `ledger`
        returned, or the `{"error": …}` of a failed one.
    """
    preflight = section(evidence, "preflight")
    conditions = [
        condition(PRIMARY, preflight, lambda it: _primary(it, patience.healthy, now)),
        condition(SOURCE, preflight, lambda it: _serves(it, move.source)),
        condition(TARGET, section(evidence, "readiness"), ready),
        *hook_ready(ready_hook, move.mode, section(evidence, "hook")),
        condition(
            RELEASES,
            preflight,
            lambda it: _releases(it, move),
            required=_names_releases(preflight, move),
        ),
        condition(REPLICATION, preflight, lambda it: _replication(it, patience.heartbeat)),
        condition(CAUGHT_UP, section(evidence, "watermark"), _caught_up),
        condition(WARM, section(evidence, "warm"), warm, required=False),
    ]
    if move.mode == "failback":
        conditions.append(condition(LEDGER, section(evidence, "ledger"), _reviewed))
    else:
        scheduled = scheduled_ready(section(preflight, "scheduled"), now)
        conditions.append(Condition(SCHEDULED, False, *scheduled))
    if unmet(conditions):
        summary = f"Nothing was changed. {reasons(conditions)}"
        return Decision("refuse", tuple(conditions), summary)
    summary = "All required conditions are met: the move begins."
    return Decision("proceed", tuple(conditions), summary)


def _primary(preflight: Mapping[str, Any], healthy: timedelta, now: datetime) -> tuple[bool, str]:
    """Judge the Primary by own probes, by Route 53's checkers, and over time by the sentinel."""
    oks = [p.get("ok") is True for p in sections(preflight, "probes")]
    beacon = preflight.get("beacon", "nothing")
    lasts, detail = _healthy_for(section(preflight, "sentinel"), healthy, now)
    met = bool(oks) and all(oks) and beacon == "healthy" and lasts
    return met, f"{sum(oks)} of {len(oks)} own probes succeeded, the beacon is {beacon}. {detail}"


def _healthy_for(
    sentinel: Mapping[str, Any], healthy: timedelta, now: datetime
) -> tuple[bool, str]:
    if not healthy:
        return True, "HealthyMinutes=0 requires no longer."
    minutes = f"{healthy.total_seconds() / 60:g} minutes"
    observed = try_parse(sentinel.get("observed_at"))
    since = try_parse(sentinel.get("healthy_since"))
    if observed is None or not _is_recent(now - observed, SENTINEL_SILENT):
        return False, "The sentinel has published no probe result lately."
    if since is None:
        return False, f"The sentinel does not find it healthy; {minutes} are required."
    lasted = round((observed - since).total_seconds())
    return observed - since >= healthy, (
        f"The sentinel has found it healthy for {lasted} s; {minutes} are required."
    )


def _is_recent(age: timedelta, at_most: timedelta) -> bool:
    return has_happened(age.total_seconds()) and age <= at_most


def _serves(preflight: Mapping[str, Any], region: str) -> tuple[bool, str]:
    health = section(section(preflight, "health"), region)
    if "error" in health:
        return False, f"{region} did not answer: {health['error']}"
    status = health.get("status")
    return status == 200, f"{region} answered {status}."


def _releases(preflight: Mapping[str, Any], move: Move) -> tuple[bool, str]:
    health = section(preflight, "health")
    source, target = (section(health, r).get("release") for r in (move.source, move.target))
    return isinstance(source, str) and bool(source) and source == target, (
        f"Release {source or 'unknown'} in {move.source}, {target or 'unknown'} in {move.target}."
    )


def _names_releases(preflight: Mapping[str, Any], move: Move) -> bool:
    """Return whether the application's health may name releases. Many applications' do not."""
    health = section(preflight, "health")
    answers = [section(health, r) for r in (move.source, move.target)]
    return not all("status" in a and a.get("release") is None for a in answers)


def _replication(preflight: Mapping[str, Any], heartbeat: timedelta) -> tuple[bool, str]:
    """Judge what each Region holds of the other's heartbeats, by the writer's own interval."""
    replication = section(preflight, "replication")
    ways = (
        ("to_target", "to the target", heartbeat.total_seconds()),
        ("to_source", "back to the source", PASSIVE_MS / 1000),
    )
    results = [
        _fresh(way, section(replication, name), interval * PATIENCE + REPLICATION_SECONDS)
        for name, way, interval in ways
    ]
    return all(met for met, _ in results), " ".join(detail for _, detail in results)


def _fresh(way: str, heartbeats: Mapping[str, Any], limit: float) -> tuple[bool, str]:
    if "error" in heartbeats:
        return False, f"Heartbeats {way} could not be read: {heartbeats['error']}."
    age, held, keys = (heartbeats.get(k) for k in ("age_seconds", "held", "keys"))
    if isinstance(age, bool) or not isinstance(age, int | float):
        return False, f"Heartbeats {way}: {held} of {keys} keys are held."
    met = has_happened(age) and age <= limit
    return met, f"The oldest heartbeat {way} is {age:g} s old, {limit:g} s are allowed."


def _caught_up(comparison: Mapping[str, Any]) -> tuple[bool, str]:
    compared, mark = comparison.get("compared"), comparison.get("watermark", "nowhere")
    if comparison.get("caught_up") is not True:
        return False, f"{compared} journal entries compared up to {mark}; more are to be compared."
    if comparison.get("level") in (0, 1):
        return True, "The application keeps no journal: nothing was compared."
    if not compared:
        return True, "No journal entry is old enough to compare: nothing was compared."
    return True, f"{compared} journal entries compared up to {mark}: the target holds all of them."


def _reviewed(ledger: Mapping[str, Any]) -> tuple[bool, str]:
    opened, compared = ledger.get("open"), ledger.get("compared")
    if isinstance(because := ledger.get("unknown_because"), str):
        return True, because
    if isinstance(opened, bool) or not isinstance(opened, int):
        return False, "The ledger did not report how many writes are to be reviewed."
    if ledger.get("complete") is not True:
        return False, "The journals are not compared to their end. Reconcile by hand first."
    entries = f"{compared} journal entries were compared" if compared else "Nothing was compared"
    return opened == 0, f"{entries}; {opened} writes of the ledger are to be reviewed."
