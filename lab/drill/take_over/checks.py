"""A take-over, the Secondary being lost while active: what was observed, and the checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.drill import quorum
from lab.drill.failback.checks import LAST_MOMENT, MEANWHILE
from lab.drill.history import Fate, fate, none_is_lost
from lab.drill.users.returned import takes_no_write

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.drill.checks import Result
    from lab.drill.observations import (
        ControlItem,
        ControlRead,
        Execution,
        Notification,
        Request,
        Write,
        WriteByName,
    )


@dataclass
class TakeOver:
    """What was observed. Moments are seconds of the wall clock."""

    primary: str
    secondary: str
    public_name: str
    outage: float = 0.0
    requested_at: float = 0.0
    healed: float = 0.0
    control_before: ControlItem | None = None
    wrong: Execution | None = None
    control_after_wrong: ControlItem | None = None
    right: Execution | None = None
    control_after_right: ControlItem | None = None
    led_to: str | None = None
    overwritten: Write | None = None
    contested: Write | None = None
    returned: list[WriteByName] = field(default_factory=list)
    alarmed_at: float | None = None
    # In us-east-1, and in the Primary's Region.
    loss_notifications: list[Notification] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    control_reads: list[ControlRead] = field(default_factory=list)
    complete: bool = False
    ledger: list[dict[str, Any]] = field(default_factory=list)
    open_after: int | None = None
    rehearsal: Execution | None = None
    recorded: Execution | None = None
    moved_again: Execution | None = None
    control_finally: ControlItem | None = None
    written: frozenset[str] | None = None
    replaced_text: str | None = None
    requests: list[Request] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)

    @property
    def acknowledged(self) -> list[Write]:
        """All writes that were acknowledged, to users and to requests sent by hand."""
        by_hand = [a.as_write for a in self.returned if a.acknowledged]
        return [*self.writes, *by_hand, *([self.contested] if self.contested else [])]

    @property
    def fate(self) -> Fate | None:
        """What became of the acknowledged writes."""
        return fate(self.acknowledged, self.written, self.ledger)


def nobody_writes_without_the_secondary(drill: TakeOver) -> Result:
    """Require that no write was taken from the loss until a person requested the take-over."""
    writes = [
        r
        for r in drill.requests
        if r.kind == "write" and drill.outage <= r.started and r.ended <= drill.requested_at
    ]
    taken = sum(r.good for r in writes)
    return bool(writes) and not taken, f"Of {len(writes)} writes {taken} were taken."


def people_are_notified_of_the_loss(drill: TakeOver) -> Result:
    """Require the alarm in us-east-1 to notify people first: the Secondary cannot."""
    alarms = [n for n in drill.loss_notifications if "public-unreachable" in n.subject + n.message]
    if drill.alarmed_at is None:
        return False, f"No alarm fired, and {len(alarms)} messages came."
    after = drill.alarmed_at - drill.outage
    return (
        bool(alarms) and drill.outage <= drill.alarmed_at <= drill.requested_at,
        f"The alarm on the public name fired {after:.1f} s after the loss, by the lab's clock; "
        f"{len(alarms)} messages of it came in us-east-1.",
    )


def a_wrong_sentence_changes_nothing(drill: TakeOver) -> Result:
    """Require the machine to fail on another sentence, naming the right one."""
    run, control = drill.wrong, drill.control_after_wrong
    if run is None or control is None or drill.control_before is None:
        return False, "It was not tried."
    error = run.output.get("error")
    return (
        run.status == "FAILED"
        and error == "InvalidExecutionInput"
        and control == drill.control_before,
        f"It ended {run.status}, {error}; {control.active_region} is active in epoch "
        f"{control.epoch}.",
    )


def the_right_sentence_makes_the_primary_active(drill: TakeOver) -> Result:
    """Require the Primary to be active and serve, one epoch and two revisions later."""
    run, now, before = drill.right, drill.control_after_right, drill.control_before
    if run is None or now is None or before is None:
        return False, "Nobody took over."
    wanted = (drill.primary, before.epoch + 1, before.revision + 2, "serving")
    took = f", {run.ended - run.started:.1f} s after the request" if run.ended else ""
    return (
        run.outcome == "taken_over"
        and (now.active_region, now.epoch, now.revision, now.state) == wanted,
        f"It ended {run.status}, outcome {run.outcome}{took}; {now.active_region} is {now.state} "
        f"in epoch {now.epoch}, revision {now.revision}.",
    )


def people_were_notified(drill: TakeOver) -> Result:
    """Require one message in the Primary's Region that a person took over."""
    events = [n.event for n in drill.notifications]
    return events == ["taken_over"], f"Received: {', '.join(events) or 'nothing'}."


def the_primary_takes_the_writes(drill: TakeOver) -> Result:
    """Require users to be led to the Primary, and their writes to be taken there."""
    during = [w for w in drill.writes if drill.requested_at <= w.acknowledged <= drill.healed]
    taken = [w for w in during if w.region == drill.primary]
    first = (
        f", the first {taken[0].acknowledged - drill.requested_at:.1f} s after it" if taken else ""
    )
    return (
        bool(taken) and len(taken) == len(during) and drill.led_to == drill.primary,
        f"{drill.public_name} led to {drill.led_to}, which took {len(taken)} of {len(during)} "
        f"writes after the take-over was requested{first}.",
    )


def the_returned_secondary_takes_no_write(drill: TakeOver) -> Result:
    """Require the Secondary to forward writes from its return on, and to make none itself."""
    return takes_no_write(drill.returned, drill.secondary, drill.healed)


def the_ledger_holds_what_was_lost_and_nothing_else(drill: TakeOver) -> Result:
    """Require the write that a newer one overwrote to be in the ledger, and none that is there."""
    lost, written = drill.overwritten, drill.written
    if lost is None or written is None:
        return False, "No write was made that had to be lost, or the items were not read."
    kinds = {e["write_id"]: e["kinds"] for e in drill.ledger}
    there = [w for w in kinds if w in written]
    kinds_of_it = " and ".join(kinds.get(lost.write_id, [])) or "nothing"
    return (
        drill.complete
        and "lost" in kinds.get(lost.write_id, [])
        and not there
        and (drill.replaced_text, drill.open_after) == (MEANWHILE, 0),
        f"{len(kinds)} entries, {len(there)} of them of writes that are there; of the write "
        f"{LAST_MOMENT.lower()} it says {kinds_of_it}, and the item says {drill.replaced_text!r}. "
        f"Open at the end: {drill.open_after}.",
    )


def all_works_again(drill: TakeOver) -> Result:
    """Require a rehearsal to pass, the epoch to be on record, and a planned move to be made."""
    runs = {
        "rehearsal": (drill.rehearsal, "rehearsed"),
        # A take-over leaves no record; the next move there completes it.
        "record": (drill.recorded, "switched_over"),
        "move": (drill.moved_again, "switched_over"),
    }
    outcomes = {name: run.outcome if run else "none" for name, (run, _) in runs.items()}
    detail = "; ".join(
        f"{name}: {outcomes[name]}"
        + (f" ({run.output.get('summary') or run.output})" if run else "")
        for name, (run, _) in runs.items()
    )
    now, before = drill.control_finally, drill.control_before
    there = (
        now is not None
        and before is not None
        and (now.active_region, now.epoch) == (drill.secondary, before.epoch + 2)
    )
    return there and all(outcomes[name] == wanted for name, (_, wanted) in runs.items()), detail


def no_acknowledged_write_is_lost(drill: TakeOver) -> Result:
    """Require every write that was acknowledged to be present or in the ledger."""
    return none_is_lost(drill.fate)


CHECKS: tuple[Callable[[TakeOver], Result], ...] = (
    nobody_writes_without_the_secondary,
    people_are_notified_of_the_loss,
    a_wrong_sentence_changes_nothing,
    the_right_sentence_makes_the_primary_active,
    people_were_notified,
    the_primary_takes_the_writes,
    the_returned_secondary_takes_no_write,
    *quorum.CHECKS,
    the_ledger_holds_what_was_lost_and_nothing_else,
    all_works_again,
    no_acknowledged_write_is_lost,
)
