"""What has to be true of an outage after which the active Region is the same as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.drill import quorum

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.drill.checks import Result
    from lab.drill.observations import Observations

# What was on its way when the outage ended may still fail.
LAST_METRES = 1.0
# An outage by halves fails half of the requests. Below this share something else failed, too.
LEAST_SERVED = 0.3


def outage_took_effect(seen: Observations) -> Result:
    """Require that something was refused, stopped or kept waiting: else nothing was proven."""
    return bool(seen.effects), "; ".join(seen.effects) or "Nothing was refused or stopped."


def nothing_promoted(seen: Observations) -> Result:
    """Require the control item and the records of recoveries to be as they were."""
    before, after = seen.control_before, seen.control_after
    if before is None or after is None:
        return False, "The control item could not be read."
    promoted = [e.arn for e in seen.executions if e.outcome == "promoted" or e.last("Claim")]
    same = before == after and after.active_region == seen.primary
    return (
        same and not promoted and not seen.recoveries,
        f"Epoch {before.epoch} in {before.active_region}, then {after.epoch} in "
        f"{after.active_region}; revision {before.revision}, then {after.revision}; on record: "
        f"{', '.join(seen.recoveries) or 'nothing'}.",
    )


def dns_never_moved(seen: Observations) -> Result:
    """Require the public name to lead to the Primary all along."""
    led_to = {region for _, region in seen.dns_throughout}
    told = ", ".join(sorted(map(str, led_to))) or "nothing"
    return (
        led_to == {seen.primary} and seen.dns_moved is None,
        f"{len(seen.dns_throughout)} answers from the outage until after its end led to {told}.",
    )


def acknowledged_writes_kept(seen: Observations) -> Result:
    """Require both Regions to hold every acknowledged write once the outage is over."""
    acknowledged = {w.item_id for w in seen.writes}
    lacking = {
        region: len(acknowledged - seen.held_finally.get(region, frozenset()))
        for region in (seen.primary, seen.secondary)
    }
    told = " and ".join(f"{n} in {region}" for region, n in lacking.items())
    return (
        bool(acknowledged) and not any(lacking.values()),
        f"Of {len(acknowledged)} acknowledged writes, missing afterwards: {told}.",
    )


def lock_free(seen: Observations) -> Result:
    """Require that nobody holds the lock."""
    return not seen.lock, f"The lock: {seen.lock or 'none'}."


def users_not_affected(seen: Observations) -> Result:
    """Require every request, before, during and after, to be answered by the Primary."""
    bad = [r.said for r in seen.requests if not r.good]
    elsewhere = _answered_elsewhere(seen)
    during = sum(seen.outage <= r.started <= (seen.healed or 0.0) for r in seen.requests)
    detail = f"{len(bad)} of {len(seen.requests)} requests failed, {during} of them made during it"
    return bool(during) and not bad and not elsewhere, f"{detail}. {', '.join(bad[:3])}".strip()


def users_met_only_the_outage(seen: Observations) -> Result:
    """Require users to fare as the outage has it, no worse, and all of them well after it."""
    if seen.healed is None:
        return False, "The outage did not end."
    during = [r for r in seen.requests if seen.outage <= r.started <= seen.healed]
    after = [r for r in seen.requests if r.started > seen.healed + LAST_METRES]
    served, bad = sum(r.good for r in during), sum(not r.good for r in after)
    fared = bool(after) and served >= LEAST_SERVED * len(during) and not bad
    return (
        fared and bool(during) and not _answered_elsewhere(seen),
        f"{served} of {len(during)} requests during the outage were answered, and "
        f"{len(after) - bad} of {len(after)} after it, all by {seen.primary}.",
    )


def _answered_elsewhere(seen: Observations) -> set[str | None]:
    return {r.region for r in seen.requests if r.good} - {seen.primary}


def nothing_was_started(seen: Observations) -> Result:
    """Require that no run of the machine was started, and nobody woken."""
    events = [n.event for n in seen.notifications]
    told = f"{len(seen.executions)} executions, {len(events)} notifications."
    return not seen.executions and not events, told


def runs_held_and_ended(seen: Observations) -> Result:
    """Require each run that was started to hold, and to end by itself once all was well."""
    ended = {e.arn: (e.output.get("decision") or {}).get("ended_by") for e in seen.meant}
    good = [e for e in seen.meant if e.outcome == "held" and ended[e.arn] == "primary_healthy"]
    if not seen.meant:
        return True, "No run was started, so none had to hold."
    return (
        len(good) == len(seen.meant),
        f"{len(good)} of {len(seen.meant)} runs held and ended when the Primary was confirmed "
        f"healthy; they ended: {', '.join(f'{e.outcome} ({ended[e.arn]})' for e in seen.meant)}.",
    )


def hold_named_its_witnesses_once(seen: Observations) -> Result:
    """Require one message for each hold, with what was unmet and what the beacon said."""
    holds = [n for n in seen.notifications if n.event == "held"]
    held = sum(e.last("NotifyHold") is not None for e in seen.meant)
    naming = sum("UNMET" in n.message and "beacon" in n.message for n in holds)
    return (
        len(holds) == held == naming,
        f"{held} runs held, {len(holds)} messages said so, {naming} with who saw what.",
    )


CHECKS: tuple[Callable[[Observations], Result], ...] = (
    outage_took_effect,
    nothing_promoted,
    dns_never_moved,
    acknowledged_writes_kept,
    lock_free,
    *quorum.CHECKS,
)
HOLDING = (runs_held_and_ended, hold_named_its_witnesses_once)
