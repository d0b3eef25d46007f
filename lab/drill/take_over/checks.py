"""A take-over, the Secondary being lost while active: what was seen of it, and the checks."""

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
        Answered,
        Control,
        ControlRead,
        Execution,
        Notification,
        Request,
        Write,
    )


@dataclass
class TakeOver:
    """What was seen. Moments are seconds of the wall clock."""

    primary: str
    secondary: str
    public_name: str
    outage: float = 0.0
    asked_at: float = 0.0
    healed: float = 0.0
    control_before: Control | None = None
    wrong: Execution | None = None
    control_after_wrong: Control | None = None
    right: Execution | None = None
    control_after_right: Control | None = None
    led_to: str | None = None
    overwritten: Write | None = None
    contested: Write | None = None
    returned: list[Answered] = field(default_factory=list)
    alarmed_at: float | None = None
    # In us-east-1, and in the Primary's Region.
    told_of_the_loss: list[Notification] = field(default_factory=list)
    told: list[Notification] = field(default_factory=list)
    control_reads: list[ControlRead] = field(default_factory=list)
    complete: bool = False
    ledger: list[dict[str, Any]] = field(default_factory=list)
    open_after: int | None = None
    rehearsal: Execution | None = None
    recorded: Execution | None = None
    moved_again: Execution | None = None
    control_finally: Control | None = None
    written: frozenset[str] | None = None
    replaced_text: str | None = None
    requests: list[Request] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)

    @property
    def acknowledged(self) -> list[Write]:
        """All writes that were acknowledged, to users and to who wrote by hand."""
        by_hand = [a.as_write for a in self.returned if a.acknowledged]
        return [*self.writes, *by_hand, *([self.contested] if self.contested else [])]

    @property
    def fate(self) -> Fate | None:
        """What became of the acknowledged writes."""
        return fate(self.acknowledged, self.written, self.ledger)


def nobody_writes_without_the_secondary(seen: TakeOver) -> Result:
    """Require that no write was taken from the loss until a person asked to take over."""
    asked = [
        r
        for r in seen.requests
        if r.kind == "write" and seen.outage <= r.started and r.ended <= seen.asked_at
    ]
    taken = sum(r.good for r in asked)
    return bool(asked) and not taken, f"Of {len(asked)} writes {taken} were taken."


def people_are_told_of_the_loss(seen: TakeOver) -> Result:
    """Require the alarm in us-east-1 to tell, for nothing of the Secondary can, before one acts."""
    alarms = [n for n in seen.told_of_the_loss if "public-unreachable" in n.subject + n.message]
    if seen.alarmed_at is None:
        return False, f"No alarm fired, and {len(alarms)} messages came."
    after = seen.alarmed_at - seen.outage
    return (
        bool(alarms) and seen.outage <= seen.alarmed_at <= seen.asked_at,
        f"The alarm on the public name fired {after:.1f} s after the loss, by the lab's clock; "
        f"{len(alarms)} messages of it came in us-east-1.",
    )


def a_wrong_sentence_changes_nothing(seen: TakeOver) -> Result:
    """Require the machine to fail on another sentence, naming the right one."""
    run, control = seen.wrong, seen.control_after_wrong
    if run is None or control is None or seen.control_before is None:
        return False, "It was not tried."
    error = run.output.get("error")
    return (
        run.status == "FAILED"
        and error == "InvalidExecutionInput"
        and control == seen.control_before,
        f"It ended {run.status}, {error}; {control.active_region} is active in epoch "
        f"{control.epoch}.",
    )


def the_right_sentence_makes_the_primary_active(seen: TakeOver) -> Result:
    """Require the Primary to be active and serve, one epoch and two revisions later."""
    run, now, before = seen.right, seen.control_after_right, seen.control_before
    if run is None or now is None or before is None:
        return False, "Nobody took over."
    wanted = (seen.primary, before.epoch + 1, before.revision + 2, "serving")
    took = f", {run.ended - run.started:.1f} s after it was asked" if run.ended else ""
    return (
        run.outcome == "taken_over"
        and (now.active_region, now.epoch, now.revision, now.state) == wanted,
        f"It ended {run.status}, outcome {run.outcome}{took}; {now.active_region} is {now.state} "
        f"in epoch {now.epoch}, revision {now.revision}.",
    )


def people_were_told(seen: TakeOver) -> Result:
    """Require one message in the Primary's Region that a person took over."""
    events = [n.event for n in seen.told]
    return events == ["taken_over"], f"Received: {', '.join(events) or 'nothing'}."


def the_primary_takes_the_writes(seen: TakeOver) -> Result:
    """Require users to be led to the Primary, and their writes to be taken there."""
    during = [w for w in seen.writes if seen.asked_at <= w.acknowledged <= seen.healed]
    taken = [w for w in during if w.region == seen.primary]
    first = f", the first {taken[0].acknowledged - seen.asked_at:.1f} s after it" if taken else ""
    return (
        bool(taken) and len(taken) == len(during) and seen.led_to == seen.primary,
        f"{seen.public_name} led to {seen.led_to}, which took {len(taken)} of {len(during)} "
        f"writes after the take-over was asked for{first}.",
    )


def the_returned_secondary_takes_no_write(seen: TakeOver) -> Result:
    """Require the Secondary to forward writes from its return on, and to make none itself."""
    return takes_no_write(seen.returned, seen.secondary, seen.healed)


def the_ledger_holds_what_was_lost_and_nothing_else(seen: TakeOver) -> Result:
    """Require the write that a newer one overwrote to be in the ledger, and none that is there."""
    lost, written = seen.overwritten, seen.written
    if lost is None or written is None:
        return False, "No write was made that had to be lost, or the items were not read."
    kinds = {e["write_id"]: e["kinds"] for e in seen.ledger}
    there = [w for w in kinds if w in written]
    found = " and ".join(kinds.get(lost.write_id, [])) or "nothing"
    return (
        seen.complete
        and "lost" in kinds.get(lost.write_id, [])
        and not there
        and (seen.replaced_text, seen.open_after) == (MEANWHILE, 0),
        f"{len(kinds)} entries, {len(there)} of them of writes that are there; of the write "
        f"{LAST_MOMENT.lower()} it says {found}, and the item says {seen.replaced_text!r}. "
        f"Open at the end: {seen.open_after}.",
    )


def all_works_again(seen: TakeOver) -> Result:
    """Require a rehearsal to pass, the epoch to be on record, and a planned move to be made."""
    runs = {
        "rehearsal": (seen.rehearsal, "rehearsed"),
        # A take-over leaves no record; the next move there completes it.
        "record": (seen.recorded, "switched_over"),
        "move": (seen.moved_again, "switched_over"),
    }
    said = {name: run.outcome if run else "none" for name, (run, _) in runs.items()}
    told = "; ".join(
        f"{name}: {said[name]}" + (f" ({run.output.get('summary') or run.output})" if run else "")
        for name, (run, _) in runs.items()
    )
    now, before = seen.control_finally, seen.control_before
    there = (
        now is not None
        and before is not None
        and (now.active_region, now.epoch) == (seen.secondary, before.epoch + 2)
    )
    return there and all(said[name] == wanted for name, (_, wanted) in runs.items()), told


def no_acknowledged_write_is_lost(seen: TakeOver) -> Result:
    """Require every write that was acknowledged to be present or in the ledger."""
    return none_is_lost(seen.fate)


CHECKS: tuple[Callable[[TakeOver], Result], ...] = (
    nobody_writes_without_the_secondary,
    people_are_told_of_the_loss,
    a_wrong_sentence_changes_nothing,
    the_right_sentence_makes_the_primary_active,
    people_were_told,
    the_primary_takes_the_writes,
    the_returned_secondary_takes_no_write,
    *quorum.CHECKS,
    the_ledger_holds_what_was_lost_and_nothing_else,
    all_works_again,
    no_acknowledged_write_is_lost,
)
