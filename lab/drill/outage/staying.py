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


def outage_took_effect(drill: Observations) -> Result:
    """Require that something was refused, stopped or kept waiting: else nothing was proven."""
    return bool(drill.effects), "; ".join(drill.effects) or "Nothing was refused or stopped."


def nothing_promoted(drill: Observations) -> Result:
    """Require the control item and the records of recoveries to be as they were."""
    before, after = drill.control_before, drill.control_after
    if before is None or after is None:
        return False, "The control item could not be read."
    promoted = [e.arn for e in drill.executions if e.outcome == "promoted" or e.last("Claim")]
    same = before == after and after.active_region == drill.primary
    return (
        same and not promoted and not drill.recoveries,
        f"Epoch {before.epoch} in {before.active_region}, then {after.epoch} in "
        f"{after.active_region}; revision {before.revision}, then {after.revision}; on record: "
        f"{', '.join(drill.recoveries) or 'nothing'}.",
    )


def dns_never_moved(drill: Observations) -> Result:
    """Require the public name to lead to the Primary all along."""
    led_to = {region for _, region in drill.dns_throughout}
    regions = ", ".join(sorted(map(str, led_to))) or "nothing"
    return (
        led_to == {drill.primary} and drill.dns_moved is None,
        f"{len(drill.dns_throughout)} answers from the outage until after its end led to "
        f"{regions}.",
    )


def acknowledged_writes_kept(drill: Observations) -> Result:
    """Require both Regions to hold every acknowledged write once the outage is over."""
    acknowledged = {w.item_id for w in drill.writes}
    missing_in = {
        region: len(acknowledged - drill.held_finally.get(region, frozenset()))
        for region in (drill.primary, drill.secondary)
    }
    missing = " and ".join(f"{n} in {region}" for region, n in missing_in.items())
    return (
        bool(acknowledged) and not any(missing_in.values()),
        f"Of {len(acknowledged)} acknowledged writes, missing afterwards: {missing}.",
    )


def lock_free(drill: Observations) -> Result:
    """Require that nobody holds the lock."""
    return not drill.lock, f"The lock: {drill.lock or 'none'}."


def users_not_affected(drill: Observations) -> Result:
    """Require every request, before, during and after, to be answered by the Primary."""
    bad = [r.answer for r in drill.requests if not r.good]
    elsewhere = _answered_elsewhere(drill)
    during = sum(drill.outage <= r.started <= (drill.healed or 0.0) for r in drill.requests)
    detail = f"{len(bad)} of {len(drill.requests)} requests failed, {during} of them made during it"
    return bool(during) and not bad and not elsewhere, f"{detail}. {', '.join(bad[:3])}".strip()


def users_met_only_the_outage(drill: Observations) -> Result:
    """Require users to meet no more failures than the outage explains, and none after it."""
    if drill.healed is None:
        return False, "The outage did not end."
    during = [r for r in drill.requests if drill.outage <= r.started <= drill.healed]
    after = [r for r in drill.requests if r.started > drill.healed + LAST_METRES]
    served, bad = sum(r.good for r in during), sum(not r.good for r in after)
    handling = bool(after) and served >= LEAST_SERVED * len(during) and not bad
    return (
        handling and bool(during) and not _answered_elsewhere(drill),
        f"{served} of {len(during)} requests during the outage were answered, and "
        f"{len(after) - bad} of {len(after)} after it, all by {drill.primary}.",
    )


def _answered_elsewhere(drill: Observations) -> set[str | None]:
    return {r.region for r in drill.requests if r.good} - {drill.primary}


def nothing_was_started(drill: Observations) -> Result:
    """Require that no run of the machine was started, and no notification sent."""
    events = [n.event for n in drill.notifications]
    detail = f"{len(drill.executions)} executions, {len(events)} notifications."
    return not drill.executions and not events, detail


def runs_held_and_ended(drill: Observations) -> Result:
    """Require each run that was started to hold, and to end by itself once all was well."""
    ended = {e.arn: (e.output.get("decision") or {}).get("ended_by") for e in drill.meant}
    good = [e for e in drill.meant if e.outcome == "held" and ended[e.arn] == "primary_healthy"]
    if not drill.meant:
        return True, "No run was started, so none had to hold."
    return (
        len(good) == len(drill.meant),
        f"{len(good)} of {len(drill.meant)} runs held and ended when the Primary was confirmed "
        f"healthy; they ended: {', '.join(f'{e.outcome} ({ended[e.arn]})' for e in drill.meant)}.",
    )


def hold_named_its_witnesses_once(drill: Observations) -> Result:
    """Require one message for each hold, with what was unmet and the state of the beacon."""
    holds = [n for n in drill.notifications if n.event == "held"]
    held = sum(e.last("NotifyHold") is not None for e in drill.meant)
    naming = sum("UNMET" in n.message and "beacon" in n.message for n in holds)
    return (
        len(holds) == held == naming,
        f"{held} runs held, {len(holds)} notifications were sent, {naming} of them with the "
        "probes and the beacon.",
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
