"""The loss of the Secondary while it is active: what was seen of it, and the checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lab.drill.checks import Check
from lab.drill.failback import LAST_MOMENT, MEANWHILE, Fate
from lab.drill.returned import BEHIND_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.drill.checks import Judgement
    from lab.drill.observations import Answered, Control, Execution, Request, Write

# What a fence goes by a control item for, and how long a write that passed it may take.
FENCE_SECONDS, WRITE_DEADLINE_SECONDS = 1.0, 2.0


@dataclass
class BreakGlass:
    """What was seen. Moments are seconds of the wall clock."""

    primary: str
    secondary: str
    public_name: str
    replication_lag: float
    lost_at: float = 0.0
    broken_at: float = 0.0
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
    refused_move: Execution | None = None
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
    def acknowledged(self) -> set[str]:
        """The ids of all writes that were acknowledged, to users and to who wrote by hand."""
        by_hand = {a.write_id for a in self.returned if 200 <= a.status < 300}
        contested = {self.contested.write_id} if self.contested else set()
        return {w.write_id for w in self.writes} | by_hand | contested

    @property
    def two_writers(self) -> list[Answered]:
        """The writes that the returned Secondary took itself, although the Primary is active."""
        return [a for a in self.returned if a.taken_by(self.secondary)]

    @property
    def two_writers_seconds(self) -> float:
        """For how long after its return the Secondary took writes itself."""
        return round(max((a.at - self.healed for a in self.two_writers), default=0.0), 3)


def fate(seen: BreakGlass) -> Fate | None:
    """Count the acknowledged writes that are in an item's history, in the ledger, in neither."""
    if seen.written is None:
        return None
    acknowledged = seen.acknowledged
    ledger = acknowledged & {e["write_id"] for e in seen.ledger}
    present = (acknowledged & seen.written) - ledger
    return Fate(len(acknowledged), len(present), len(ledger), len(acknowledged - present - ledger))


def nobody_writes_without_the_secondary(seen: BreakGlass) -> Judgement:
    """Require that no write was taken from the loss until the glass was broken."""
    asked = [
        r
        for r in seen.requests
        if r.kind == "write" and seen.lost_at <= r.started and r.ended <= seen.broken_at
    ]
    taken = sum(r.good for r in asked)
    return bool(asked) and not taken, f"Of {len(asked)} writes {taken} were taken."


def a_wrong_sentence_changes_nothing(seen: BreakGlass) -> Judgement:
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


def the_right_sentence_promotes_the_primary(seen: BreakGlass) -> Judgement:
    """Require the Primary to be active, one epoch later."""
    run, now, before = seen.right, seen.control_after_right, seen.control_before
    if run is None or now is None or before is None:
        return False, "The glass was not broken."
    return (
        run.outcome == "broken_glass"
        and (now.active_region, now.epoch) == (seen.primary, before.epoch + 1),
        f"It ended {run.status}, outcome {run.outcome}; {now.active_region} is active in epoch "
        f"{now.epoch}.",
    )


def the_primary_takes_the_writes(seen: BreakGlass) -> Judgement:
    """Require users to be led to the Primary, and their writes to be taken there."""
    during = [w for w in seen.writes if seen.broken_at <= w.acknowledged <= seen.healed]
    taken = [w for w in during if w.region == seen.primary]
    first = f", the first {taken[0].acknowledged - seen.broken_at:.1f} s later" if taken else ""
    return (
        bool(taken) and len(taken) == len(during) and seen.led_to == seen.primary,
        f"{seen.public_name} led to {seen.led_to}, which took {len(taken)} of {len(during)} "
        f"writes{first}.",
    )


def the_returned_secondary_forwards(seen: BreakGlass) -> Judgement:
    """Require the Secondary to take writes itself no longer than the control item needs to it.

    Until then there are two writers, as the runbook says. None of their writes may vanish.
    """
    limit = BEHIND_SECONDS + seen.replication_lag + FENCE_SECONDS + WRITE_DEADLINE_SECONDS
    forwarded, took = sum(a.forwarded for a in seen.returned), len(seen.two_writers)
    return (
        forwarded > 0 and seen.two_writers_seconds <= limit,
        f"Of {len(seen.returned)} writes sent to it from its return on it took {took} itself, for "
        f"{seen.two_writers_seconds:.1f} s ({limit:.1f} s at most), and forwarded {forwarded}.",
    )


def a_planned_move_is_refused_until_reconciled(seen: BreakGlass) -> Judgement:
    """Require the Secondary's machine to refuse, by name."""
    run = seen.refused_move
    if run is None:
        return False, "It was not tried."
    cause = str(run.output.get("cause"))
    return (
        run.status == "FAILED" and "BreakGlassUnreconciled" in cause,
        f"It ended {run.status}. {cause if run.status == 'FAILED' else run.output}",
    )


def the_ledger_holds_what_was_lost_and_nothing_else(seen: BreakGlass) -> Judgement:
    """Require the write that two Regions disputed to be in the ledger, and none that is there."""
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


def reconciled_all_works_again(seen: BreakGlass) -> Judgement:
    """Require a rehearsal to pass, the epoch to be on record, and a planned move to be made."""
    runs = {
        "rehearsal": (seen.rehearsal, "rehearsed"),
        # A promotion that was left without a record is completed by the next move there.
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


def no_acknowledged_write_is_lost(seen: BreakGlass) -> Judgement:
    """Require every write that was acknowledged to be present or in the ledger."""
    found = fate(seen)
    if found is None:
        return False, "What the items hold at the end is not known."
    return (
        found.acknowledged > 0 and found.lost == 0,
        f"Of {found.acknowledged} acknowledged writes {found.present} are present, "
        f"{found.ledger} are in the ledger, and {found.lost} are lost.",
    )


JUDGES: tuple[Callable[[BreakGlass], Judgement], ...] = (
    nobody_writes_without_the_secondary,
    a_wrong_sentence_changes_nothing,
    the_right_sentence_promotes_the_primary,
    the_primary_takes_the_writes,
    the_returned_secondary_forwards,
    a_planned_move_is_refused_until_reconciled,
    the_ledger_holds_what_was_lost_and_nothing_else,
    reconciled_all_works_again,
    no_acknowledged_write_is_lost,
)


def checks(seen: BreakGlass) -> list[Check]:
    """Return every check. One that nothing was seen for has failed."""
    return [Check(judge.__name__, *judge(seen)) for judge in JUDGES]
