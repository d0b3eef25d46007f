"""What has to be true of a Region whose reads of the control table get no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lab.drill.observations import in_words, refusals, seconds_after
from lab.engine.outages.named_outages import NAMED

if TYPE_CHECKING:
    from lab.drill.checks import Result
    from lab.drill.observations import Observations, WriteByName

# As deployed: for how long a strong read is valid, and a write that it let pass may take.
FENCE_SECONDS, WRITE_DEADLINE_SECONDS = 3.0, 2.0
LEASE_SECONDS = FENCE_SECONDS + WRITE_DEADLINE_SECONDS
CONTINUES = "WithoutQuorum=continue"
# As many show an effect of losing a member that nobody needs.
ENOUGH_REQUESTS = 200


def section(drill: Observations) -> dict[str, Any] | None:
    """Return the report's section on requests at the Primary's own name; None without any."""
    return _counts(drill) if drill.writes_by_name else None


def _counts(drill: Observations) -> dict[str, Any]:
    writes = drill.writes_by_name
    refused, taken = [a for a in writes if not a.acknowledged], _taken(drill)
    last_taken = max((a.at for a in taken), default=None)
    first_refused = min((a.started for a in refused), default=None)
    last_refused = max((a.at for a in refused), default=None)
    return {
        "lease_seconds": LEASE_SECONDS,
        "writes": len(writes),
        "taken": len(taken),
        "last_taken_after_seconds": seconds_after(last_taken, drill.outage),
        "taken_after_lease": _late(drill),
        "refused": refusals(writes),
        "refused_from_seconds": seconds_after(first_refused, drill.outage),
        "refused_until_seconds": seconds_after(last_refused, drill.outage),
        "longest_write_seconds": round(max((a.at - a.started for a in writes), default=0.0), 3),
        "reads": len(drill.reads_by_name),
        "good_reads": sum(r.good for r in drill.reads_by_name),
    }


def isolated_primary_takes_no_write_after_the_lease(drill: Observations) -> Result:
    """Require that the Primary acknowledged no write later than a lease after it was cut off."""
    counts = _counts(drill)
    until, since = counts["refused_until_seconds"], counts["refused_from_seconds"]
    span = f"from +{since:.1f} to +{until:.1f} s" if since is not None else "never"
    last = counts["last_taken_after_seconds"]
    return (
        not counts["taken_after_lease"] and bool(counts["refused"]),
        f"Cut off, {drill.primary} took writes until {last if last is None else f'+{last:.1f} s'}, "
        f"{counts['taken_after_lease']} of them after the lease of {LEASE_SECONDS:g} s. It refused "
        f"{sum(counts['refused'].values())} of {counts['writes']} writes {span}: "
        f"{in_words(counts['refused'])}.",
    )


def users_who_reach_the_isolated_primary_get_reads(drill: Observations) -> Result:
    """Require each read at the Primary's own name to be answered by it, all through."""
    good = [r for r in drill.reads_by_name if r.good and r.region == drill.primary]
    total = len(drill.reads_by_name)
    return (
        bool(good) and len(good) == total,
        f"{len(good)} of {total} reads at its own name were answered by {drill.primary}.",
    )


def no_write_was_refused(drill: Observations) -> Result:
    """Require each write at the active Region's own name to be taken, however long it took."""
    counts = _counts(drill)
    return (
        0 < counts["taken"] == counts["writes"],
        f"{counts['taken']} of {counts['writes']} writes at its own name were taken, the slowest "
        f"in {counts['longest_write_seconds']:.1f} s. {in_words(counts['refused'])}".strip(),
    )


def writes_wait_for_the_quorum(drill: Observations) -> Result:
    """Require writes to be refused as NoQuorum, or most to go on where the deployment allows it."""
    counts = _counts(drill)
    detail = (
        f"Of {counts['writes']} writes at its own name {drill.primary} took {counts['taken']}, "
        f"{counts['taken_after_lease']} of them later than the lease and during the silence, and "
        f"refused: {in_words(counts['refused']) or 'none'}."
    )
    refused = set(counts["refused"])
    if CONTINUES in drill.parameters:
        # An environment that has not read the table yet has no answer to go on by.
        most = 2 * counts["taken"] > counts["writes"] and counts["taken_after_lease"] > 0
        return most and refused <= {"NoQuorum"}, f"{CONTINUES}. {detail}"
    return refused == {"NoQuorum"} and not counts["taken_after_lease"], detail


def enough_requests_were_made(drill: Observations) -> Result:
    """Require so many requests during the outage that an effect of it would show."""
    healed = drill.ended if drill.healed is None else drill.healed
    during = sum(drill.outage <= r.started <= healed for r in drill.requests)
    return during >= ENOUGH_REQUESTS, f"{during} requests were made during the outage."


def _taken(drill: Observations) -> list[WriteByName]:
    return [a for a in drill.writes_by_name if a.taken_by(drill.primary)]


def _late(drill: Observations) -> int:
    """Count the writes that the Primary took later than a lease after it lost the quorum."""
    lasts = NAMED[drill.mode].stalls
    ends = drill.outage + lasts if lasts else drill.healed
    since, until = drill.outage + LEASE_SECONDS, ends or drill.ended
    users = [w.acknowledged for w in drill.writes if w.region == drill.primary]
    return sum(since < at <= until for at in [*(a.at for a in _taken(drill)), *users])
