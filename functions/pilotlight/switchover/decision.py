"""From the evidence of a preflight to a decision: proceed, or refuse and change nothing.

A planned move can wait, so every witness has to speak, and what could not be seen is unmet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from pilotlight.conditions.condition import Condition, Judgement, ready, reasons, unmet, warm
from pilotlight.conditions.evidence import failure_of, part
from pilotlight.conditions.recorded import SCHEDULED, scheduled_condition
from pilotlight.replication.heartbeat import PASSIVE_MS, PATIENCE
from pilotlight.shared.timestamps import try_parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    Judge = Callable[[], tuple[bool, str]]

Mode = Literal["switchover", "failback"]
Action = Literal["proceed", "refuse"]
PRIMARY, SOURCE, TARGET, WARM = "primary_healthy", "source_serves", "target_ready", "target_warm"
RELEASES, REPLICATION = "release_parity", "replication_healthy"
CAUGHT_UP, LEDGER = "caught_up", "ledger_reviewed"
# The sentinel looks at least once a minute. One that was silent for longer vouches for nothing.
SENTINEL_SILENT = timedelta(seconds=150)
# What replication may take beyond the pause between two heartbeats, and what clocks may differ.
REPLICATION_SECONDS = 10.0


@dataclass(frozen=True)
class Move:
    """Where the application serves, and where it is to serve."""

    mode: Mode
    source: str
    target: str

    @classmethod
    def of(cls, mode: str, source: str, target: str) -> Move:
        """Check the mode.

        Raises
        ------
        ValueError
            The mode is none that is known. It is named.
        """
        known: tuple[Mode, ...] = get_args(Mode)
        for one in known:
            if mode == one:
                return cls(one, source, target)
        raise ValueError(f"The mode {mode!r} is none of {', '.join(known)}.")


@dataclass(frozen=True)
class Patience:
    """For how long the Primary has to be well, and the pause between the source's heartbeats."""

    healthy: timedelta
    heartbeat: timedelta


@dataclass(frozen=True)
class SwitchoverDecision(Judgement):
    """What to do, and on what grounds."""

    action: Action


def decide(
    move: Move, *, evidence: Mapping[str, Any], patience: Patience, now: datetime
) -> SwitchoverDecision:
    """Decide whether a planned move may begin.

    Parameters
    ----------
    evidence
        What `preflight`, `readiness`, `warm`, `watermark` and, for a failback, `ledger` answered,
        or `{"error": …}` of the one that failed.
    """
    seen, ledger = part(evidence, "preflight"), part(evidence, "ledger")
    compared = part(evidence, "watermark")
    conditions = [
        _required(PRIMARY, seen, lambda: _primary(seen, patience.healthy, now)),
        _required(SOURCE, seen, lambda: _answered(seen, move.source)),
        ready(part(evidence, "readiness"), TARGET),
        _required(RELEASES, seen, lambda: _releases(seen, move)),
        _required(REPLICATION, seen, lambda: _replication(seen, patience.heartbeat)),
        _required(CAUGHT_UP, compared, lambda: _caught_up(compared)),
        warm(part(evidence, "warm"), WARM),
    ]
    if move.mode == "failback":
        conditions.append(_required(LEDGER, ledger, lambda: _reviewed(ledger)))
    else:
        verdict = {"readiness": {"scheduled": part(seen, "scheduled")}}
        conditions.append(Condition(SCHEDULED, False, *scheduled_condition(verdict, now)))
    if not unmet(conditions):
        return SwitchoverDecision(
            "proceed", tuple(conditions), "All required conditions are met: the move begins."
        )
    why = f"Nothing was changed. {reasons(conditions)}"
    return SwitchoverDecision("refuse", tuple(conditions), why)


def _required(name: str, seen: Mapping[str, Any], judge: Judge) -> Condition:
    failure = failure_of(seen)
    met, detail = (False, failure) if failure else judge()
    return Condition(name, True, met, detail, observed=failure is None)


def _primary(seen: Mapping[str, Any], healthy: timedelta, now: datetime) -> tuple[bool, str]:
    """Judge the Primary by own probes, by Route 53's checkers, and over time by the sentinel."""
    probes = seen.get("probes")
    oks = [part({"p": p}, "p").get("ok") for p in probes] if isinstance(probes, list) else []
    good, beacon = sum(ok is True for ok in oks), seen.get("beacon", "nothing")
    lasts, since = _since(part(seen, "sentinel"), healthy, now)
    met = bool(oks) and good == len(oks) and beacon == "healthy" and lasts
    return met, f"{good} of {len(oks)} own probes succeeded, the beacon says {beacon}. {since}"


def _since(sentinel: Mapping[str, Any], healthy: timedelta, now: datetime) -> tuple[bool, str]:
    if not healthy:
        return True, "How long it has been so is not asked for."
    minutes = f"{healthy.total_seconds() / 60:g} minutes"
    looked, since = try_parse(sentinel.get("looked_at")), try_parse(sentinel.get("healthy_since"))
    if looked is None or not timedelta(0) <= now - looked <= SENTINEL_SILENT:
        return False, "The sentinel has not looked of late."
    if since is None:
        return False, f"The sentinel does not find it well; {minutes} are asked for."
    lasted = round((looked - since).total_seconds())
    return looked - since >= healthy, (
        f"The sentinel has found it well for {lasted} s; {minutes} are asked for."
    )


def _answered(seen: Mapping[str, Any], region: str) -> tuple[bool, str]:
    answer = part(part(seen, "health"), region)
    if "error" in answer:
        return False, f"{region} did not answer: {answer['error']}"
    status, tables = answer.get("status"), answer.get("says")
    return status == 200 and tables == "healthy", f"{region} answered {status}, {tables}."


def _releases(seen: Mapping[str, Any], move: Move) -> tuple[bool, str]:
    health = part(seen, "health")
    source, target = (part(health, r).get("release") for r in (move.source, move.target))
    told = f"{source or 'unknown'} in {move.source}, {target or 'unknown'} in {move.target}."
    return bool(source) and isinstance(source, str) and source == target, f"Release {told}"


def _replication(seen: Mapping[str, Any], heartbeat: timedelta) -> tuple[bool, str]:
    """Judge what each Region holds of the other's heartbeats, by the writer's own promise."""
    found = part(seen, "replication")
    active, passive = part(found, "to_target"), part(found, "to_source")
    pause = heartbeat.total_seconds() * PATIENCE
    judged = (
        _fresh("to the target", active, pause + REPLICATION_SECONDS),
        _fresh(
            "back to the source",
            passive,
            PASSIVE_MS / 1000 * PATIENCE + REPLICATION_SECONDS,
        ),
    )
    return all(met for met, _ in judged), " ".join(detail for _, detail in judged)


def _fresh(way: str, held: Mapping[str, Any], limit: float) -> tuple[bool, str]:
    if "error" in held:
        return False, f"Heartbeats {way} could not be read: {held['error']}."
    age = held.get("age_seconds")
    if isinstance(age, bool) or not isinstance(age, int | float):
        return (
            False,
            f"Of the heartbeats {way} {held.get('held', 0)} of {held.get('keys')} keys are held.",
        )
    met = -REPLICATION_SECONDS <= age <= limit
    return met, f"The oldest heartbeat {way} is {age:g} s old, {limit:g} s are allowed."


def _caught_up(found: Mapping[str, Any]) -> tuple[bool, str]:
    compared, mark = found.get("compared", 0), found.get("watermark", "nowhere")
    if found.get("caught_up") is not True:
        return False, f"{compared} journal entries compared up to {mark}; more are to be compared."
    if not compared:
        return True, "No journal entry is old enough to compare: nothing was compared."
    return True, f"{compared} journal entries compared up to {mark}: the target holds all of them."


def _reviewed(found: Mapping[str, Any]) -> tuple[bool, str]:
    opened = found.get("open")
    if isinstance(opened, bool) or not isinstance(opened, int):
        return False, "The ledger does not say how many writes are to be reviewed."
    if found.get("complete") is not True:
        return False, "The journals are not compared to their end. Reconcile by hand first."
    compared = found.get("compared")
    told = f"{compared} journal entries were compared" if compared else "Nothing was compared"
    return opened == 0, f"{told}; {opened} writes of the ledger are to be reviewed."
