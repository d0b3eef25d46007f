"""From evidence to a decision: promote, rehearse, hold, or end the hold.

Every condition gets a reason. Evidence that is missing or malformed leaves its condition unmet,
because a missing value must never read as consent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from pilot_light_client.choice import choice
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
from pilotlight.conditions.conformance import CONFORMS, conforms_to_level
from pilotlight.conditions.evidence import failure_of, section, sections
from pilotlight.conditions.hook import HOOK, hook_ready
from pilotlight.conditions.recorded import (
    COOLDOWN,
    RPO,
    SCHEDULED,
    Cooldown,
    Rpo,
    cooldown_over,
    lag,
    rpo_within_objective,
    scheduled_ready,
)
from pilotlight.failover import confirmation
from pilotlight.rehearsal.verdict import Verdict, verdict
from pilotlight.sentinel import observation
from pilotlight.shared import contract

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from pilotlight.hooks.hook import Hook
    from pilotlight.replication.rpo import Estimate, Policy

Mode = Literal["failover", "rehearsal", "drill"]
Action = Literal["promote", "rehearse", "hold", "end_hold"]
EndedBy = Literal["primary_healthy", "deadline", "rehearsal"]
OUTAGE, READY, WARM = "outage_confirmed", "secondary_ready", "functions_warm"
ANSWERED = {
    OUTAGE: "Overridden: a person confirms the outage.",
    RPO: "Overridden: a person accepts what may be lost.",
    COOLDOWN: "Overridden: a person accepts moving again so soon.",
    HOOK: "Overridden: a person goes on without the hook's consent.",
}
# Judgements in which the beacon may follow failed probes without a message, each of which waits for
# it for six seconds. Route 53's checkers reach their threshold after 24 to 43 seconds, the sentinel
# starts the machine after 5 to 15.
BEACON_JUDGEMENTS = 6


@dataclass(frozen=True)
class FailoverDecision(Decision):
    """What to do after a loss, and on what grounds."""

    action: Action
    ended_by: EndedBy | None = None
    rpo_estimate: Estimate | None = None
    awaits_beacon: bool = False
    verdict: Verdict | None = None


def decide_on(
    event: Mapping[str, Any],
    *,
    hold_deadline: timedelta,
    rpo_objective: timedelta,
    rpo_policy: Policy,
    sentinel_interval: timedelta,
    cooldown: timedelta,
    level: int,
    ready_hook: Hook | None,
) -> FailoverDecision:
    """Decide on a judgement as the machine hands it over. A part that is missing is an error."""
    request, held_since = event["request"], event["hold_started_at"]
    return decide(
        mode=request["mode"],
        overridden=frozenset(request["override"]),
        evidence=event["evidence"],
        hold_started_at=parse(held_since) if held_since else None,
        now=parse(event["now"]),
        hold_deadline=hold_deadline,
        rpo=Rpo(rpo_objective, rpo_policy, request["alarm"], sentinel_interval),
        cooldown=Cooldown(float(event["control"]["cooldown_until"]), cooldown),
        judgements_before=int(event["judgements_before"]),
        level=level,
        ready_hook=ready_hook,
    )


def decide(
    *,
    mode: Mode,
    overridden: frozenset[str],
    evidence: Mapping[str, Any],
    hold_started_at: datetime | None,
    now: datetime,
    hold_deadline: timedelta,
    rpo: Rpo,
    cooldown: Cooldown,
    judgements_before: int,
    level: int = contract.JOURNALED,
    ready_hook: Hook | None = None,
) -> FailoverDecision:
    """Decide on the evidence of one judgement.

    Parameters
    ----------
    mode
        A rehearsal does not need an outage and never waits.
    overridden
        Conditions that a person overrides: `outage_confirmed`, `rpo_within_objective`,
        `cooldown_over`, `hook_ready`.
    evidence
        What `confirm`, `readiness`, `warm` and `hook` returned, or the `{"error": …}` of a failed
        one.
    hold_started_at
        When the run first held, or None.
    hold_deadline
        How long a run may hold before it ends.
    rpo
        What may be lost at most, and what to do beyond that.
    cooldown
        Until when the last claim keeps the next one waiting. A rehearsal claims nothing.
    judgements_before
        How many judgements of this run held before this one.
    level
        The application's contract level, which bounds what may be said.
    ready_hook
        The hook that is asked in this phase, or None.

    Raises
    ------
    ValueError
        The mode is unknown. It is named.
    """
    rehearsal = choice("mode", mode, Mode) == "rehearsal"
    confirm, readiness = section(evidence, "confirm"), section(evidence, "readiness")
    estimate = lag(rpo, evidence, rehearsal=rehearsal, now=now)
    estimate = replace(estimate, detail=estimate.detail + contract.estimate(level))

    def needed(name: str) -> bool:
        return not rehearsal and name not in overridden

    conditions = (
        condition(OUTAGE, confirm, partial(_outage, readiness, now), required=needed(OUTAGE)),
        condition(READY, readiness, ready),
        *hook_ready(ready_hook, mode, section(evidence, "hook"), overridden=HOOK in overridden),
        # It may hold only if a policy asks: every real disaster leaves writes behind.
        Condition(RPO, rpo.policy == "ask" and needed(RPO), *rpo_within_objective(rpo, estimate)),
        Condition(COOLDOWN, needed(COOLDOWN), *cooldown_over(cooldown, now)),
        condition(WARM, section(evidence, "warm"), warm, required=False),
        Condition(SCHEDULED, False, *scheduled_ready(section(readiness, "scheduled"), now)),
    )
    if rehearsal:
        tried = conforms_to_level(level, section(readiness, "conformance"))
        return _rehearsed((*conditions, *tried), estimate)
    action, summary, ended_by = _act(
        conditions,
        overridden=overridden,
        healthy=confirm.get("verdict") == "healthy",
        expired=hold_started_at is not None and now - hold_started_at >= hold_deadline,
    )
    if action == "promote":
        summary += contract.promotion(level)
    decision = FailoverDecision(action, conditions, summary, ended_by, estimate)
    awaits_beacon = (
        action == "hold"
        and OUTAGE in decision.unmet
        and set(decision.unmet) <= {OUTAGE, COOLDOWN}
        and judgements_before < BEACON_JUDGEMENTS
        and confirmation.beacon_may_follow(
            [p.get("ok") for p in sections(confirm, "probes")], confirm.get("beacon")
        )
    )
    return replace(decision, awaits_beacon=awaits_beacon)


def _rehearsed(conditions: tuple[Condition, ...], estimate: Estimate) -> FailoverDecision:
    """Return the decision of a rehearsal. It waits for nothing, so an unmet condition ends it."""
    result, summary = verdict(conditions, frozenset({OUTAGE}))
    # Said of a rehearsal that passed too: it is all that was seen of the level.
    seen = next((c.detail for c in conditions if c.name == CONFORMS and c.met), "")
    summary += f" {CONFORMS}: {seen}" if seen else ""
    action: Action = "end_hold" if unmet(conditions) else "rehearse"
    ended_by: EndedBy | None = "rehearsal" if unmet(conditions) else None
    return FailoverDecision(action, conditions, summary, ended_by, estimate, verdict=result)


def _act(
    conditions: tuple[Condition, ...],
    *,
    overridden: frozenset[str],
    healthy: bool,
    expired: bool,
) -> tuple[Action, str, EndedBy | None]:
    """Return what the conditions call for, in words too, and what ended the hold."""
    if not unmet(conditions):
        by_hand = "".join(f" {ANSWERED[name]}" for name in ANSWERED if name in overridden)
        return "promote", f"All required conditions are met.{by_hand}", None
    because = reasons(conditions)
    if healthy and OUTAGE not in overridden:
        return "end_hold", "The Primary is confirmed healthy.", "primary_healthy"
    if expired:
        return "end_hold", f"The hold has expired. {because}", "deadline"
    return "hold", f"Not promoted. {because}", None


def _outage(
    readiness: Mapping[str, Any], now: datetime, confirm: Mapping[str, Any]
) -> tuple[bool, str, bool]:
    """Judge whether a Primary that was seen well before is down now."""
    oks = [p.get("ok") for p in sections(confirm, "probes")]
    beacon, pulse = confirm.get("beacon", "nothing"), section(confirm, "pulse")
    # The verdict counts only with what it rests on: judged again, from evidence that is whole.
    whole = all(type(ok) is bool for ok in oks) and beacon in get_args(observation.Beacon)
    still = pulse.get("still") is True
    met = (
        whole
        and confirm.get("verdict") == "outage"
        and confirmation.verdict([ok is True for ok in oks], beacon, pulse_still=still) == "outage"
    )
    observed = whole and bool(oks) and beacon != "unknown"
    never_well = _never_well(readiness, now)
    return met and not never_well, confirmation.account(oks, beacon, pulse) + never_well, observed


def _never_well(readiness: Mapping[str, Any], now: datetime) -> str:
    """Return in words that the Primary was never seen well, or nothing.

    Without readiness nothing is promoted in any case, for that reason.
    """
    if failure_of(readiness):
        return ""
    sentinel = section(readiness, "sentinel")
    if "error" in sentinel:
        return f" What the sentinel has seen could not be read: {sentinel['error']}"
    well_at = try_parse(sentinel.get("well_at"))
    if well_at is not None and has_happened((now - well_at).total_seconds()):
        return ""
    return " The sentinel has never seen the Primary well, so nothing is failed over."
