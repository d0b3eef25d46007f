"""A last resort, the control table having no quorum: what was observed, and the checks."""

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
    from lab.drill.observations import Execution, Observations, Write, WriteByName

# How the failover machine may end where it cannot read who is active.
NOT_PROMOTED = {"failed", "held"}


@dataclass
class LastResort:
    """What was observed. Moments are seconds of the wall clock."""

    requested: float = 0.0
    run: Execution | None = None
    led_to: str | None = None
    # Sent to the Secondary by its own name, by a client that waits longer than users do.
    by_name: list[WriteByName] = field(default_factory=list)
    # Write ids of the Secondary's journal, with the authority by which each was made.
    authorities: dict[str, str] = field(default_factory=dict)
    granted: dict[str, Any] = field(default_factory=dict)
    void_at: float | None = None
    left: dict[str, Any] = field(default_factory=dict)
    sent_afterwards: list[WriteByName] = field(default_factory=list)
    led_back_to: str | None = None
    complete: bool = False
    ledger: list[dict[str, Any]] = field(default_factory=list)
    open_after: int | None = None
    written: frozenset[str] | None = None


def by_the_secondary(drill: Observations) -> list[Write]:
    """Return the users' writes that the Secondary acknowledged during the outage."""
    until = drill.healed if drill.healed is not None else drill.ended
    during = [w for w in drill.writes if drill.outage <= w.acknowledged <= until]
    return [w for w in during if w.region == drill.secondary]


def section(drill: Observations) -> dict[str, Any] | None:
    """Return the report's section on the last resort; None where there was none."""
    last = drill.last_resort
    if last is None:
        return None
    writes = by_the_secondary(drill)
    first = min((w.acknowledged for w in writes), default=None)
    return {
        "outcome": last.run.outcome if last.run else "none",
        "first_write_seconds": seconds_after(first, last.requested),
        "writes": len(writes),
        "void_after_seconds": seconds_after(last.void_at, drill.healed),
    }


def people_were_notified_that_nobody_can_claim(drill: Observations) -> Result:
    """Require every run to end without a promotion, and a message with the reason."""
    failed = [n for n in drill.notifications if n.event == "failed"]
    ended = [e.outcome for e in drill.meant]
    naming = [n for n in failed if "ReadControl" in n.message or "quorum" in n.message]
    return (
        bool(ended) and set(ended) <= NOT_PROMOTED and bool(naming),
        f"Runs of the recovery ended: {', '.join(ended) or 'none'}. {len(failed)} notifications "
        f"named a failure, {len(naming)} of them that the control table does not answer.",
    )


def the_last_resort_was_granted(drill: Observations) -> Result:
    """Require the emergency machine to grant it for the right sentence, and to notify people."""
    last = drill.last_resort or LastResort()
    run = last.run
    if run is None:
        return False, "Nobody requested it."
    events = [n.event for n in drill.notifications if n.event == "last_resort"]
    took = f" after {run.ended - last.requested:.1f} s" if run.ended else ""
    return (
        run.outcome == "last_resort" and events == ["last_resort"] and bool(last.granted),
        f"It ended {run.status}, outcome {run.outcome}{took}; {len(events)} notifications were "
        f"sent. {run.output.get('summary') or run.output}",
    )


def the_secondary_took_marked_writes(drill: Observations) -> Result:
    """Require writes to be taken in the Secondary, each of them marked in its journal."""
    last = drill.last_resort or LastResort()
    taken = [a for a in last.by_name if a.taken_by(drill.secondary)]
    ids = {a.write_id for a in taken} | {w.write_id for w in by_the_secondary(drill)}
    marked = sum(last.authorities.get(i) == "last_resort" for i in ids)
    slowest = max((a.at - a.started for a in taken), default=0.0)
    return (
        bool(taken) and marked == len(ids) and len(taken) == len(last.by_name),
        f"{drill.secondary} took {len(taken)} of {len(last.by_name)} writes at its own name, the "
        f"slowest in {slowest:.1f} s. Of {len(ids)} writes that it acknowledged, the users' among "
        f"them, {marked} are marked last_resort in its journal.",
    )


def no_two_regions_acknowledge_writes_at_once(drill: Observations) -> Result:
    """Require writes to be acknowledged elsewhere only before the last resort and after it.

    It is no claim, and its writes bear the epoch of the Region that is active.
    """
    last = drill.last_resort or LastResort()
    every = drill.acknowledged
    lent = [w for w in every if last.authorities.get(w.write_id) == "last_resort"]
    others = [w for w in every if last.authorities.get(w.write_id) != "last_resort"]
    begun = min((w.acknowledged for w in lent), default=math.inf)
    ended = max((w.started for w in lent), default=-math.inf)
    between = [w for w in others if w.started > begun and w.acknowledged < ended]
    passed, detail = quorum.one_writer(others, drill.outage)
    span = f" from {begun - drill.outage:+.1f} to {ended - drill.outage:+.1f} s" if lent else ""
    return (
        passed and bool(lent) and not between,
        f"{len(lent)} writes of the last resort{span}, {len(between)} others within that time. "
        f"Beside them {detail}",
    )


def users_write_by_the_last_resort(drill: Observations) -> Result:
    """Require users, who wait two seconds for an answer, to write through the public name."""
    last, writes = drill.last_resort or LastResort(), by_the_secondary(drill)
    if drill.healed is None:
        return False, "The outage did not end."
    granted = last.run.ended if last.run and last.run.ended else last.requested
    sent = [r for r in drill.requests if r.kind == "write" and granted <= r.started < drill.healed]
    failures = Counter(r.answer for r in sent if not r.good)
    return (
        bool(writes),
        f"{drill.secondary} acknowledged {len(writes)} of {len(sent)} users' writes from the "
        f"grant to the end of the outage. {in_words(failures)}".strip(),
    )


def dns_followed_the_last_resort(drill: Observations) -> Result:
    """Require the public name to lead to the Secondary, and back after the outage."""
    last = drill.last_resort or LastResort()
    return (
        (last.led_to, last.led_back_to) == (drill.secondary, drill.primary),
        f"{drill.public_name} led to {last.led_to}, and after the outage to {last.led_back_to}.",
    )


def the_last_resort_is_void_after_the_outage(drill: Observations) -> Result:
    """Require it to be gone, and the Secondary to take no write any more."""
    last = drill.last_resort or LastResort()
    if drill.healed is None:
        return False, "The outage did not end."
    since = last.void_at
    taken = [a for a in last.sent_afterwards if a.taken_by(drill.secondary)]
    late = [a for a in taken if since is None or a.started > since]
    forwarded = sum(a.forwarded for a in last.sent_afterwards)
    void = "was never void" if since is None else f"was void {since - drill.healed:.1f} s later"
    return (
        since is not None and not late and not last.left and forwarded > 0,
        f"The outage over, it {void}. Of {len(last.sent_afterwards)} writes sent to "
        f"{drill.secondary} from then on it forwarded {forwarded} and took {len(taken)} itself, "
        f"{len(late)} of them after that.",
    )


def no_acknowledged_write_is_lost(drill: Observations) -> Result:
    """Require every write that was acknowledged to be present or in the ledger, and reviewed."""
    passed, detail = none_is_lost(drill.fate)
    last = drill.last_resort or LastResort()
    reviewed = last.complete and last.open_after == 0
    return passed and reviewed, f"{detail} Open at the end: {last.open_after}."


CHECKS: tuple[Callable[[Observations], Result], ...] = (
    people_were_notified_that_nobody_can_claim,
    the_last_resort_was_granted,
    the_secondary_took_marked_writes,
    no_two_regions_acknowledge_writes_at_once,
    users_write_by_the_last_resort,
    dns_followed_the_last_resort,
    the_last_resort_is_void_after_the_outage,
    no_acknowledged_write_is_lost,
)
