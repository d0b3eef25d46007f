"""The failback of a drill: what was observed, what became of every write, and the checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.drill.history import none_is_lost
from lab.drill.outage.losses import late_entries
from lab.drill.outage.recovery import DELIVERY_STEP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab.drill.checks import Result
    from lab.drill.observations import ControlItem, Execution, Observations, Request

# DynamoDB's stream records have whole seconds: the ledger counts the promotion's own as after it.
SAME_SECOND = 1.0
# What is written to one item: in the Primary, in the last moment before its loss, and then in the
# Secondary, which never saw it.
LAST_MOMENT, MEANWHILE = "Written in the last moment before the outage", "Written meanwhile"
# What a report has of an entry of the ledger.
ENTRY_NAMES = [
    "write_id",
    "table",
    "key",
    "kinds",
    "region",
    "epoch",
    "version",
    "written_at",
    "status",
]


@dataclass
class Failback:
    """What was observed of the way back. Moments are seconds of the wall clock."""

    ledger: list[dict[str, Any]] = field(default_factory=list)
    complete: bool = False
    open_after: int | None = None
    replaced_text: str | None = None
    requested: float = 0.0
    run: Execution | None = None
    ended: float = 0.0
    leads_to: str | None = None
    control: ControlItem | None = None
    written: frozenset[str] | None = None
    served: dict[str, int] = field(default_factory=dict)

    def kinds(self, write_id: str) -> list[str]:
        """Return why a write is in the ledger; nothing where it is not."""
        return next((e["kinds"] for e in self.ledger if e["write_id"] == write_id), [])


def refused_write_seconds(drill: Observations) -> float | None:
    """Return how long no write was taken during the planned move; 0 where none was refused.

    From the start of the first that failed to the answer to the first good one after the last that
    did. None where there was no move, or no good one followed.
    """
    back = drill.failback
    return None if back is None or back.run is None else refusal(drill.requests, back.requested)


def refusal(requests: Iterable[Request], since: float) -> float | None:
    """Return how long no write was taken since a moment; None where none was taken any more."""
    during = [r for r in requests if r.kind == "write" and since <= r.started]
    failed = [r for r in during if not r.good]
    if not failed:
        return 0.0
    last = max(r.started for r in failed)
    good = (r.ended for r in during if r.good and r.started > last)
    end = min(good, default=None)
    return None if end is None else round(end - min(r.started for r in failed), 3)


def left(drill: Observations, state: str) -> float | None:
    """Return when the planned move left a state; None where it did not enter it."""
    back = drill.failback
    passage = back.run.last(state) if back and back.run else None
    return passage.exited if passage else None


def section(drill: Observations) -> dict[str, Any] | None:
    """Return the report's section on the failback; None where there was none."""
    back = drill.failback
    if back is None:
        return None
    proof = (back.run.output.get("proof") or {}) if back.run else {}
    return {
        "outcome": back.run.outcome if back.run else "none",
        "execution": back.run.arn if back.run else None,
        "seconds": round(back.ended - back.requested, 3),
        "proven_writes": proof.get("writes"),
        "ledger": [{name: entry.get(name) for name in ENTRY_NAMES} for entry in back.ledger],
    }


def ledger_holds_what_the_disaster_left(drill: Observations) -> Result:
    """Require the ledger to hold each write that came after the promotion, and nothing else.

    Where the outage lets replication go on, some came between the promotion and the drill's look.
    """
    back, late, promoted = drill.failback, late_entries(drill), drill.promoted_at
    if back is None or late is None or promoted is None:
        return False, "The journal or the ledger was not read."
    entries, made = {e["write_id"] for e in back.ledger}, drill.journal_at_the_end or {}
    under_way = promoted - drill.replication_lag - DELIVERY_STEP - SAME_SECOND
    more = {w for w in entries - set(late) if made.get(w, 0.0) < under_way}
    lacking = set(late) - entries
    detail = (
        f"{len(late)} writes of {drill.primary} arrived after the promotion; of them the ledger "
        f"holds {len(late) - len(lacking)}, and {len(more)} others."
    )
    return back.complete and not lacking and not more, detail


def overwritten_write_is_found(drill: Observations) -> Result:
    """Require the write that lost to a newer one to be in the ledger as lost, and replayed.

    Where the outage lets replication go on it arrived in time, and has to be in the history.
    """
    back, overwritten, late = drill.failback, drill.overwritten, late_entries(drill)
    if back is None or overwritten is None or late is None:
        return False, "No write was made that had to be lost."
    if overwritten.write_id not in late:
        there = overwritten.write_id in (back.written or ())
        return there, f"It arrived in time, and is {'' if there else 'not '}in the item's history."
    kinds = back.kinds(overwritten.write_id)
    return (
        "lost" in kinds and back.replaced_text == LAST_MOMENT,
        f"The ledger has it as {' and '.join(kinds) or 'nothing'}; after the replay the item "
        f"says {back.replaced_text!r}.",
    )


def failed_back(drill: Observations) -> Result:
    """Require the planned move to end well: the Primary is active, one epoch later."""
    back, before = drill.failback, drill.control_after
    if back is None or back.run is None:
        return False, "The failback was not started."
    now = back.control
    moved = (
        now is not None
        and before is not None
        and (now.active_region, now.epoch) == (drill.primary, before.epoch + 1)
    )
    return (
        moved and back.run.outcome == "switched_over" and back.open_after == 0,
        f"It ended {back.run.status}, outcome {back.run.outcome}, with {back.open_after} open "
        f"entries of the ledger. {back.run.output.get('summary') or back.run.output}",
    )


def users_are_served_by_the_primary_again(drill: Observations) -> Result:
    """Require the public name to lead back, and users' writes to be taken there."""
    back = drill.failback or Failback()
    taken = back.served.get(drill.primary, 0)
    where = ", ".join(f"{n} by {region}" for region, n in back.served.items()) or "none"
    return (
        back.leads_to == drill.primary and taken > 0,
        f"{drill.public_name} leads to {back.leads_to}; of the last writes, taken: {where}.",
    )


def no_acknowledged_write_is_lost(drill: Observations) -> Result:
    """Require every write that was acknowledged in the drill to be present or in the ledger."""
    return none_is_lost(drill.fate)


CHECKS: tuple[Callable[[Observations], Result], ...] = (
    ledger_holds_what_the_disaster_left,
    overwritten_write_is_found,
    failed_back,
    users_are_served_by_the_primary_again,
    no_acknowledged_write_is_lost,
)
