"""Conditions of a promotion that rest on what others wrote down before the outage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilotlight.replication.rpo import (
    Estimate,
    FirstFailure,
    Policy,
    estimate,
    first_failure,
    within,
)
from pilotlight.sentinel.observation import SHORTEST_SILENCE
from pilotlight.shared.timestamps import try_parse

if TYPE_CHECKING:
    from datetime import datetime, timedelta

RPO, SCHEDULED = "rpo_within_objective", "scheduled_readiness"
COOLDOWN = "cooldown_over"
# Two runs of five minutes may fail before the stored verdict says too little.
OLD_SECONDS = 900


@dataclass(frozen=True)
class Rpo:
    """What may be lost at most, what to do beyond that, and the alarm that started the run."""

    objective: timedelta
    policy: Policy
    alarm: Mapping[str, Any] | None = None
    # A sentinel that has stopped may tell of an older outage.
    sentinel_silent_after: timedelta = SHORTEST_SILENCE


@dataclass(frozen=True)
class Cooldown:
    """Until when the last claim keeps the next one waiting, in seconds since 1970, and how long."""

    until: float
    lasts: timedelta


def cooldown_condition(cooldown: Cooldown, now: datetime) -> tuple[bool, str]:
    """Return whether the cooldown of the last claim is over, and why.

    An end that is further ahead than a cooldown lasts was written by a clock that is off.
    """
    left = cooldown.until - now.timestamp()
    if left <= 0:
        return True, "No claim was made within the cooldown."
    if left > cooldown.lasts.total_seconds() + 60:
        return True, f"The cooldown's end, {left:.0f} s ahead, is not believed."
    return False, f"The last claim was made just now: the cooldown ends in {left:.0f} s."


def lag(rpo: Rpo, evidence: Mapping[str, Any], *, rehearsal: bool, now: datetime) -> Estimate:
    """Estimate the lag from the evidence. Without an outage, in a rehearsal, it is that of now."""
    readiness, confirm = _mapping(evidence.get("readiness")), _mapping(evidence.get("confirm"))
    first: FirstFailure | None = FirstFailure(now, "now")
    if not rehearsal:
        probes = confirm.get("probes")
        first = first_failure(
            sentinel=_sentinel_s_word(
                _mapping(readiness.get("sentinel")), now, rpo.sentinel_silent_after
            ),
            alarm=rpo.alarm,
            probes=[p for p in probes if isinstance(p, Mapping)]
            if isinstance(probes, list)
            else [],
            now=now,
        )
    return estimate(_mapping(readiness.get("replication")), first)


def _sentinel_s_word(said: Mapping[str, Any], now: datetime, patience: timedelta) -> Any:
    """Return since when the sentinel sees this outage, or None where it has stopped looking."""
    looked = try_parse(said.get("looked_at"))
    silent = looked is None or now - looked > patience
    return None if silent else said.get("first_failed_at")


def rpo_condition(rpo: Rpo, found: Estimate) -> tuple[bool, str, bool]:
    """Return whether the lag is within the objective, why, and whether it is known at all.

    Unknown is never within.
    """
    limit = f"The objective is {rpo.objective.total_seconds():g} s, the policy {rpo.policy}."
    return within(found, rpo.objective), f"{found.detail} {limit}", found.seconds is not None


def scheduled_condition(evidence: Mapping[str, Any], now: datetime) -> tuple[bool, str, bool]:
    """Return what the scheduled readiness last said, with its age, and whether it said anything.

    It is never required.
    """
    stored = _mapping(_mapping(evidence.get("readiness")).get("scheduled"))
    if "error" in stored:
        return False, f"The scheduled verdict could not be read: {stored['error']}", False
    at, verdict = try_parse(stored.get("checked_at")), stored.get("verdict")
    if at is None:
        return False, "There is no scheduled verdict.", False
    age = round((now - at).total_seconds())
    told = stored.get("findings") or "no findings"
    detail = f"The scheduled verdict, {age} s old, is {verdict}: {told}."
    return verdict == "ready" and 0 <= age + 1 <= OLD_SECONDS, detail, True


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
