"""A last resort, the control table having no quorum: what was seen of it, and the checks."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.drill import quorum
from lab.drill.history import none_is_lost
from lab.drill.observations import in_words, seconds_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.drill.checks import Result
    from lab.drill.observations import Answered, Execution, Observations, Write

# How the failover machine may end where it cannot read who is active.
NOT_PROMOTED = {"failed", "held"}


@dataclass
class LastResort:
    """What was seen. Moments are seconds of the wall clock."""

    asked: float = 0.0
    run: Execution | None = None
    led_to: str | None = None
    # Asked of the Secondary by its own name, by somebody who waits longer than users do.
    by_name: list[Answered] = field(default_factory=list)
    # Write ids of the Secondary's journal, with the authority by which each was made.
    authorities: dict[str, str] = field(default_factory=dict)
    granted: dict[str, Any] = field(default_factory=dict)
    void_at: float | None = None
    left: dict[str, Any] = field(default_factory=dict)
    sent_afterwards: list[Answered] = field(default_factory=list)
    led_back_to: str | None = None
    complete: bool = False
    ledger: list[dict[str, Any]] = field(default_factory=list)
    open_after: int | None = None
    written: frozenset[str] | None = None


def by_the_secondary(seen: Observations) -> list[Write]:
    """Return the users' writes that the Secondary acknowledged during the outage."""
    until = seen.healed if seen.healed is not None else seen.ended
    during = [w for w in seen.writes if seen.outage <= w.acknowledged <= until]
    return [w for w in during if w.region == seen.secondary]


def told(seen: Observations) -> dict[str, Any] | None:
    """Return what the report tells of the last resort; None where there was none."""
    last = seen.last_resort
    if last is None:
        return None
    writes, run = by_the_secondary(seen), last.run
    first = min((w.acknowledged for w in writes), default=None)
    good = [r.ended for r in seen.requests if r.good and r.ended >= last.asked and r.region]

    return {
        "outcome": run.outcome if run else "none",
        "seconds": seconds_after(run.ended, last.asked) if run else None,
        "first_read_seconds": seconds_after(min(good, default=None), last.asked),
        "first_write_seconds": seconds_after(first, last.asked),
        "writes": len(writes),
        "authorities": dict(Counter(last.authorities.values())),
        "void_after_seconds": seconds_after(last.void_at, seen.healed),
    }


def people_were_told_that_nobody_can_claim(seen: Observations) -> Result:
    """Require every run to end without a promotion, and a message that says why."""
    failed = [n for n in seen.notifications if n.event == "failed"]
    ended = [e.outcome for e in seen.meant]
    naming = [n for n in failed if "ReadControl" in n.message or "quorum" in n.message]
    return (
        bool(ended) and set(ended) <= NOT_PROMOTED and bool(naming),
        f"Runs of the recovery ended: {', '.join(ended) or 'none'}. {len(failed)} messages said "
        f"that one failed, {len(naming)} of them that the control table does not answer.",
    )


def the_last_resort_was_granted(seen: Observations) -> Result:
    """Require the emergency machine to grant it to who typed the sentence, and to tell so."""
    last = seen.last_resort
    if last is None or last.run is None:
        return False, "It was not asked for."
    events = [n.event for n in seen.notifications if n.event == "last_resort"]
    run = last.run
    took = f" after {run.ended - last.asked:.1f} s" if run.ended else ""
    return (
        run.outcome == "last_resort" and events == ["last_resort"] and bool(last.granted),
        f"It ended {run.status}, outcome {run.outcome}{took}; {len(events)} messages said so. "
        f"{run.output.get('summary') or run.output}",
    )


def the_secondary_took_marked_writes(seen: Observations) -> Result:
    """Require writes to be taken in the Secondary, each of them marked in its journal."""
    last = seen.last_resort
    if last is None:
        return False, "There was no last resort."
    taken = [a for a in last.by_name if a.taken_by(seen.secondary)]
    ids = {a.write_id for a in taken} | {w.write_id for w in by_the_secondary(seen)}
    marked = sum(last.authorities.get(i) == "last_resort" for i in ids)
    slowest = max((a.at - a.started for a in taken), default=0.0)
    return (
        bool(taken) and marked == len(ids) and len(taken) == len(last.by_name),
        f"{seen.secondary} took {len(taken)} of {len(last.by_name)} writes at its own name, the "
        f"slowest in {slowest:.1f} s. Of {len(ids)} writes that it acknowledged, the users' among "
        f"them, {marked} are marked last_resort in its journal.",
    )


def no_two_regions_acknowledge_writes_at_once(seen: Observations) -> Result:
    """Require writes to be acknowledged elsewhere only before the last resort and after it.

    It is no claim, and its writes bear the epoch of the Region that is active.
    """
    last = seen.last_resort
    if last is None:
        return False, "There was no last resort."
    every = seen.acknowledged
    lent = [w for w in every if last.authorities.get(w.write_id) == "last_resort"]
    others = [w for w in every if last.authorities.get(w.write_id) != "last_resort"]
    begun = min((w.acknowledged for w in lent), default=math.inf)
    ended = max((w.started for w in lent), default=-math.inf)
    between = [w for w in others if w.started > begun and w.acknowledged < ended]
    passed, told = quorum.one_writer(others, seen.outage)
    span = f" from {begun - seen.outage:+.1f} to {ended - seen.outage:+.1f} s" if lent else ""
    return (
        passed and bool(lent) and not between,
        f"{len(lent)} writes of the last resort{span}, {len(between)} others within that time. "
        f"Beside them {told}",
    )


def users_write_by_the_last_resort(seen: Observations) -> Result:
    """Require users, who wait two seconds for an answer, to write through the public name."""
    last, writes = seen.last_resort, by_the_secondary(seen)
    if last is None or seen.healed is None:
        return False, "There was no last resort."
    granted = last.run.ended if last.run and last.run.ended else last.asked
    asked = [r for r in seen.requests if r.kind == "write" and granted <= r.started < seen.healed]
    said = Counter(r.said for r in asked if not r.good)
    return (
        bool(writes),
        f"{seen.secondary} acknowledged {len(writes)} of {len(asked)} users' writes from the grant "
        f"to the end of the outage. {in_words(said)}".strip(),
    )


def dns_followed_the_last_resort(seen: Observations) -> Result:
    """Require the public name to lead to the Secondary, and back after the outage."""
    last = seen.last_resort
    if last is None:
        return False, "There was no last resort."
    return (
        (last.led_to, last.led_back_to) == (seen.secondary, seen.primary),
        f"{seen.public_name} led to {last.led_to}, and after the outage to {last.led_back_to}.",
    )


def the_last_resort_is_void_after_the_outage(seen: Observations) -> Result:
    """Require it to be gone, and the Secondary to take no write any more."""
    last = seen.last_resort
    if last is None or seen.healed is None:
        return False, "The outage did not end, or there was no last resort."
    since = last.void_at
    taken = [a for a in last.sent_afterwards if a.taken_by(seen.secondary)]
    late = [a for a in taken if since is None or a.started > since]
    forwarded = sum(a.forwarded for a in last.sent_afterwards)
    told = "was never void" if since is None else f"was void {since - seen.healed:.1f} s later"
    return (
        since is not None and not late and not last.left and forwarded > 0,
        f"The outage over, it {told}. Of {len(last.sent_afterwards)} writes sent to "
        f"{seen.secondary} from then on it forwarded {forwarded} and took {len(taken)} itself, "
        f"{len(late)} of them after that.",
    )


def no_acknowledged_write_is_lost(seen: Observations) -> Result:
    """Require every write that was acknowledged to be present or in the ledger, and reviewed."""
    passed, detail = none_is_lost(seen.fate)
    last = seen.last_resort or LastResort()
    reviewed = last.complete and last.open_after == 0
    return passed and reviewed, f"{detail} Open at the end: {last.open_after}."


CHECKS: tuple[Callable[[Observations], Result], ...] = (
    people_were_told_that_nobody_can_claim,
    the_last_resort_was_granted,
    the_secondary_took_marked_writes,
    no_two_regions_acknowledge_writes_at_once,
    users_write_by_the_last_resort,
    dns_followed_the_last_resort,
    the_last_resort_is_void_after_the_outage,
    no_acknowledged_write_is_lost,
)
