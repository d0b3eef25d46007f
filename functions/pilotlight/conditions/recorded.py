"""Conditions of a promotion that rest on what others recorded before the outage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilot_light_client.timestamps import has_happened, is_end, try_parse

from pilotlight.conditions.evidence import section, sections
from pilotlight.replication.rpo import (
    Estimate,
    FirstFailure,
    Policy,
    estimate,
    first_failure,
    within,
)
from pilotlight.sentinel.observation import silent_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

RPO, SCHEDULED = "rpo_within_objective", "scheduled_readiness"
COOLDOWN = "cooldown_over"
# Two runs of five minutes may fail before the stored verdict proves too little.
OLD_SECONDS = 900


@dataclass(frozen=True)
class Rpo:
    """What may be lost at most, what to do beyond that, and the alarm that started the run."""

    objective: timedelta
    policy: Policy
    alarm: Mapping[str, Any] | None
    sentinel_interval: timedelta


@dataclass(frozen=True)
class Cooldown:
    """Until when the last claim keeps the next one waiting, in seconds since 1970, and how long."""

    until: float
    lasts: timedelta


def cooldown_over(cooldown: Cooldown, now: datetime) -> tuple[bool, str]:
    """Return whether the cooldown of the last claim is over, and why.

    An end that is further ahead than a cooldown lasts was written by a clock that is off.
    """
    left = cooldown.until - now.timestamp()
    if left <= 0:
        return True, "No claim was made within the cooldown."
    if not is_end(left, cooldown.lasts.total_seconds()):
        return True, f"The cooldown is ignored: its end, {left:.0f} s ahead, is invalid."
    return False, f"The last claim was made just now: the cooldown ends in {left:.0f} s."


def lag(rpo: Rpo, evidence: Mapping[str, Any], *, rehearsal: bool, now: datetime) -> Estimate:
    """Estimate the lag from the evidence. In a rehearsal, without an outage, it is that of now."""
    readiness = section(evidence, "readiness")
    first: FirstFailure | None = FirstFailure(now, "now")
    if not rehearsal:
        sentinel = section(readiness, "sentinel")
        observed = try_parse(sentinel.get("observed_at"))
        # A sentinel that has stopped may have recorded an older outage.
        silent = (
            observed is None
            or not has_happened((now - observed).total_seconds())
            or now - observed > silent_after(rpo.sentinel_interval)
        )
        first = first_failure(
            sentinel=None if silent else sentinel.get("first_failed_at"),
            alarm=rpo.alarm,
            probes=sections(section(evidence, "confirm"), "probes"),
            now=now,
        )
    return estimate(section(readiness, "replication"), first)


def rpo_within_objective(rpo: Rpo, lag: Estimate) -> tuple[bool, str, bool]:
    """Return whether the lag is within the objective, why, and whether it is known at all.

    Unknown is never within.
    """
    limit = f"The objective is {rpo.objective.total_seconds():g} s, the policy {rpo.policy}."
    return within(lag, rpo.objective), f"{lag.detail} {limit}", lag.seconds is not None


def scheduled_ready(scheduled: Mapping[str, Any], now: datetime) -> tuple[bool, str, bool]:
    """Return whether the last scheduled verdict was ready, its age, and whether there is one.

    It is never required.
    """
    if "error" in scheduled:
        return False, f"The scheduled verdict could not be read: {scheduled['error']}", False
    at, verdict = try_parse(scheduled.get("checked_at")), scheduled.get("verdict")
    if at is None:
        return False, "There is no scheduled verdict.", False
    age = round((now - at).total_seconds())
    findings = scheduled.get("findings") or "no findings"
    detail = f"The scheduled verdict, {age} s old, is {verdict}: {findings}."
    return verdict == "ready" and has_happened(age) and age < OLD_SECONDS, detail, True
