"""What has to be true of the active Region, whatever is lost: one writer, nothing goes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lab.drill.checks import Result
    from lab.drill.observations import ControlRead, Observations, Write
    from lab.drill.take_over.checks import TakeOver


@dataclass(frozen=True)
class Turn:
    """A time in which one Region, in one epoch, acknowledged writes. Moments are the client's."""

    region: str
    epoch: int
    first: float
    last: float
    writes: int


def turns(writes: Iterable[Write]) -> list[Turn]:
    """Return who acknowledged writes, by the moments of the answers: one turn after the other."""
    turns_so_far: list[Turn] = []
    for write in sorted(writes, key=lambda w: w.acknowledged):
        who, at = (write.region or "unknown", write.epoch), write.acknowledged
        if turns_so_far and (turns_so_far[-1].region, turns_so_far[-1].epoch) == who:
            last = turns_so_far.pop()
            turns_so_far.append(Turn(*who, last.first, at, last.writes + 1))
        else:
            turns_so_far.append(Turn(*who, at, at, 1))
    return turns_so_far


def overlapping(writes: Sequence[Write]) -> list[Write]:
    """Return the writes that prove two writers.

    Such a one was sent when a write of a newer epoch had been answered already; or its Region
    answered before, in the same epoch, and another Region did in between.
    """
    ordered = sorted(writes, key=lambda w: w.started)
    answered = sorted(writes, key=lambda w: w.acknowledged)
    newest = done = 0
    begun: dict[tuple[str | None, int], float] = {}
    others: dict[int, list[Write]] = {}
    proofs: list[Write] = []
    for write in ordered:
        while done < len(answered) and answered[done].acknowledged < write.started:
            before = answered[done]
            newest = max(newest, before.epoch)
            begun.setdefault((before.region, before.epoch), before.acknowledged)
            others.setdefault(before.epoch, []).append(before)
            done += 1
        first = begun.get((write.region, write.epoch))
        between = first is not None and any(
            o.region != write.region and o.started > first for o in others.get(write.epoch, [])
        )
        if 0 < write.epoch < newest or between:
            proofs.append(write)
    return proofs


def no_two_regions_acknowledge_writes_at_once(drill: Observations | TakeOver) -> Result:
    """Require the Regions to have acknowledged writes one after the other, by every client."""
    return one_writer(drill.acknowledged, drill.outage)


def one_writer(writes: Sequence[Write], since: float) -> Result:
    """Judge the acknowledged writes, and list each turn."""
    timed = [w for w in writes if w.started]
    both = overlapping(timed)
    list_of_turns = "; ".join(
        f"{t.region} in epoch {t.epoch} from {t.first - since:+.1f} to {t.last - since:+.1f} s "
        f"({t.writes})"
        for t in turns(timed)
    )
    return bool(
        timed
    ) and not both, f"{len(both)} writes overlap. {list_of_turns or 'No write was acknowledged'}."


def revisions_and_epochs_never_go_back(drill: Observations | TakeOver) -> Result:
    """Require each strong read to be no older than one that was answered before it was sent."""
    answered = [r for r in drill.control_reads if r.item]
    ended, done = sorted(answered, key=lambda r: r.answered), 0
    revision, epoch, back = 0, 0, 0
    for read in sorted(answered, key=lambda r: r.sent):
        while done < len(ended) and ended[done].answered < read.sent:
            before = ended[done].item
            if before:
                revision, epoch = max(revision, before.revision), max(epoch, before.epoch)
            done += 1
        if read.item and (read.item.revision < revision or read.item.epoch < epoch):
            back += 1
    known = [r.item.revision for r in answered if r.item]
    span = f"revisions {min(known)} to {max(known)}" if known else "nothing"
    return bool(answered) and not back, (
        f"{len(answered)} of {len(drill.control_reads)} strong reads were answered, in both "
        f"Regions together, with {span}; {back} of them were older than one before."
    )


def changes(reads: Iterable[ControlRead], since: float) -> list[dict[str, Any]]:
    """Return the control item's revisions as they were first seen."""
    revisions: dict[int, dict[str, Any]] = {}
    for read in sorted(reads, key=lambda r: r.answered):
        if read.item and read.item.revision not in revisions:
            item = read.item
            revisions[item.revision] = {
                "at": round(read.answered - since, 3),
                "active_region": item.active_region,
                "epoch": item.epoch,
                "revision": item.revision,
                "state": item.state,
            }
    return [revisions[revision] for revision in sorted(revisions)]


CHECKS: tuple[Callable[[Observations | TakeOver], Result], ...] = (
    no_two_regions_acknowledge_writes_at_once,
    revisions_and_epochs_never_go_back,
)
