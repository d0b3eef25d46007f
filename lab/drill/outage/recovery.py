"""What has to be true of a failover that recovered by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.drill import quorum
from lab.drill.users.returned import takes_no_write
from tools.audit import calls as audit
from tools.audit.planes import UnknownAction, spared

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.drill.checks import Result
    from lab.drill.observations import Observations, Write

# A write that is as old as the lag may be on its last metres: the lab delivers in steps.
DELIVERY_STEP = 0.25
# How the execution of the other alarm may end.
CHANGED_NOTHING = {"duplicate", "already_promoted"}


def missing(drill: Observations) -> list[Write]:
    """Return the writes that the Primary acknowledged and the Secondary lacked at the claim."""
    held = drill.held_after_promotion or ()
    return [w for w in _before_the_claim(drill) if w.item_id not in held]


def _before_the_claim(drill: Observations) -> list[Write]:
    """Return the users' writes before the outage, and those that a Primary cut off took yet."""
    until = max(drill.outage, drill.promoted_at or 0.0)
    return [
        w
        for w in drill.writes
        if w.acknowledged <= drill.outage or (w.region == drill.primary and w.acknowledged <= until)
    ]


def rpo(drill: Observations) -> float | None:
    """Return the age at the outage of the oldest missing write, in seconds; 0 where none is.

    None where nothing was promoted.
    """
    if drill.promoted_at is None or drill.held_after_promotion is None:
        return None
    ages = [drill.outage - w.acknowledged for w in missing(drill)]
    return round(max([0.0, *ages]), 3)


def started_by_itself(drill: Observations) -> Result:
    """Require that nobody started the recovery: the sentinel did, or an alarm's event."""
    run = drill.recovery
    if run is None:
        return False, "No execution was started."
    by_hand = [e for e in drill.executions if not e.started_by and e.started >= drill.outage]
    if not run.started_by or by_hand:
        return False, f"{len(by_hand)} executions were started by hand; the input: {run.input}"
    return True, f"Started by {run.started_by}."


def recovery_promoted(drill: Observations) -> Result:
    """Require the execution to end with the outcome promoted."""
    run = drill.recovery
    if run is None:
        return False, "No execution was started."
    return (
        run.outcome == "promoted",
        f"The execution ended {run.status}, outcome {run.outcome}. "
        f"{run.output.get('summary') or run.output}",
    )


def one_promotion_only(drill: Observations) -> Result:
    """Require one step of the epoch, one recovery on record, and that other runs did nothing."""
    before, after = drill.control_before, drill.control_after
    if before is None or after is None:
        return False, "The control item could not be read."
    # A claim, and the write that lets it serve.
    steps = (after.epoch - before.epoch, after.revision - before.revision)
    once = steps == (1, 2) and (after.active_region, after.state) == (drill.secondary, "serving")
    recorded = drill.recoveries == [f"recovery#{after.epoch}"]
    run = drill.recovery
    others = [e.outcome for e in drill.executions if run is None or e.arn != run.arn]
    return (
        once and recorded and set(others) <= CHANGED_NOTHING,
        f"Epoch {before.epoch} in {before.active_region}, then {after.epoch} in "
        f"{after.active_region}, {after.state}; revision {before.revision}, then "
        f"{after.revision}; on record: {', '.join(drill.recoveries) or 'nothing'}; "
        f"other executions: {', '.join(others) or 'none'}.",
    )


def dns_answers_secondary(drill: Observations) -> Result:
    """Require the public name to lead to the Secondary."""
    region = drill.dns_after_promotion
    return region == drill.secondary, f"{drill.public_name} leads to {region}."


def acknowledged_writes_present(drill: Observations) -> Result:
    """Require each acknowledged write older than the lag to be readable in the Secondary."""
    if drill.held_after_promotion is None:
        return False, f"What {drill.secondary} held after a promotion is not known."
    before = _before_the_claim(drill)
    limit = drill.outage - drill.replication_lag - DELIVERY_STEP
    lost = [w for w in missing(drill) if w.acknowledged < limit]
    old_enough = sum(w.acknowledged < limit for w in before)
    detail = (
        f"{old_enough - len(lost)} of {old_enough} writes older than the lag of "
        f"{drill.replication_lag} s are there; {len(missing(drill)) - len(lost)} of "
        f"{len(before) - old_enough} younger ones are not."
    )
    return bool(old_enough) and not lost, detail


def writes_accepted_in_secondary(drill: Observations) -> Result:
    """Require the Secondary to acknowledge the client's writes after the recovery."""
    taken = [
        w for w in drill.writes if w.region == drill.secondary and w.acknowledged > drill.outage
    ]
    return bool(taken), f"{len(taken)} writes were acknowledged by {drill.secondary}."


def returned_primary_takes_no_write(drill: Observations) -> Result:
    """Require the Primary, once back, to forward the writes it gets and make none itself."""
    if drill.healed is None:
        return False, "The Primary did not return."
    return takes_no_write(drill.writes_to_the_returned, drill.primary, drill.healed)


def dns_stays(drill: Observations) -> Result:
    """Require DNS not to move back by itself when the Primary is healthy again."""
    led_to = {region for _, region in drill.dns_after_heal}
    if not drill.primary_healthy_again:
        return False, "The Primary's endpoint did not become healthy again, so nothing was proven."
    return (
        led_to == {drill.secondary},
        f"{len(drill.dns_after_heal)} answers after the Primary was back, from before to after its "
        f"endpoint check was healthy again, all led to {', '.join(sorted(map(str, led_to)))}.",
    )


def notifications_in_order(drill: Observations) -> Result:
    """Require notifications of the start, or of a hold instead, and of the end."""
    since = [n for n in drill.notifications if n.at >= drill.outage]
    events = [n.event for n in sorted(since, key=lambda n: n.at)]
    held = drill.recovery is not None and drill.recovery.last("NotifyHold") is not None
    expected = ["held" if held else "started", "promoted"]
    return events == expected, f"Received: {', '.join(events) or 'nothing'}."


def lock_released(drill: Observations) -> Result:
    """Require that no recovery holds the lock any more."""
    return bool(drill.recovery) and not drill.lock, f"The lock: {drill.lock or 'none'}."


def no_tick_has_two_probe_results(drill: Observations) -> Result:
    """Require the sentinel to have written points, and one at most for each tick."""
    if not drill.probe_results:
        return False, "The sentinel has published no probe result since the outage."
    twice = sorted(at for at, points in drill.probe_results.items() if points > 1)
    ticks = f"{len(drill.probe_results)} ticks since the outage have a point"
    return not twice, f"{ticks}, {len(twice)} of them more than one."


def no_call_left_the_secondary(drill: Observations) -> Result:
    """Require that the recovery path called no other Region until the recovery had ended."""
    calls = path_calls(drill)
    left = [c for c in calls if c["region"] != drill.secondary]
    if left:
        named = sorted({f"{c['service']}:{c['operation']} in {c['region']}" for c in left})
        return False, f"Calls to other Regions: {', '.join(named)}."
    return bool(calls), f"{len(calls)} API calls were made, all of them in {drill.secondary}."


def data_planes_only(drill: Observations) -> Result:
    """Require that the recovery path needed no control plane until the recovery had ended."""
    try:
        calls = audit.recorded(path_calls(drill))
    except UnknownAction as error:
        return False, str(error)
    why = {c: spared(c.role, c.action, c.region, drill.secondary) for c in calls}
    data = [c for c in calls if not why[c]]
    bad = sorted({str(c) for c in data if c.plane.plane != "data"})
    if bad:
        return False, f"Not data plane: {', '.join(bad)}."
    detail = (
        f"{len(data)} API calls of {len({c.action for c in data})} kinds, all of them data plane."
    )
    others = {c.action: reason for c, reason in why.items() if reason}
    asked = "".join(f" It can do without {action}: {reason}" for action, reason in others.items())
    return bool(data), detail + asked


def path_calls(drill: Observations) -> list[dict[str, Any]]:
    """Return those of the recovery's calls that roles on the recovery path made."""
    return [c for c in recovery_calls(drill) if audit.on_the_path(c)]


def recovery_calls(drill: Observations) -> list[dict[str, Any]]:
    """Return the calls made from the Secondary between the outage and the recovery's end."""
    run = drill.recovery
    until = run.ended if run and run.ended else drill.ended
    return [
        c for c in drill.calls if drill.outage <= c["at"] <= until and c["from"] == drill.secondary
    ]


CHECKS: tuple[Callable[[Observations], Result], ...] = (
    started_by_itself,
    recovery_promoted,
    one_promotion_only,
    dns_answers_secondary,
    acknowledged_writes_present,
    writes_accepted_in_secondary,
    returned_primary_takes_no_write,
    dns_stays,
    notifications_in_order,
    lock_released,
    no_tick_has_two_probe_results,
    no_call_left_the_secondary,
    data_planes_only,
    *quorum.CHECKS,
)
