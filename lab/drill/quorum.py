"""What has to be true of the active Region, whatever is lost: one writer, nothing goes back."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import groupby
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
    ordered = sorted(writes, key=lambda w: w.acknowledged)
    by_writer = groupby(ordered, key=lambda w: (w.region or "unknown", w.epoch))
    moments = ((who, [w.acknowledged for w in made]) for who, made in by_writer)
    return [Turn(*who, at[0], at[-1], len(at)) for who, at in moments]


def overlapping(writes: Sequence[Write]) -> list[Write]:
    """Return the writes that prove two writers.

    Such a one was sent when a write of a newer epoch had been answered already; or its Region
    answered before, in the same epoch, and another Region did in between.
    """

    def proves(write: Write) -> bool:
        before = [w for w in writes if w.acknowledged < write.started]
        same = [w for w in before if w.epoch == write.epoch]
        first = min((w.acknowledged for w in same if w.region == write.region), default=math.inf)
        between = any(w.region != write.region and w.started > first for w in same)
        return between or any(0 < write.epoch < w.epoch for w in before)

    return [write for write in writes if proves(write)]


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
    answered = [(r, r.item) for r in drill.control_reads if r.item]
    back = sum(
        any(
            earlier.answered < read.sent
            and (before.revision > item.revision or before.epoch > item.epoch)
            for earlier, before in answered
        )
        for read, item in answered
    )
    revisions = [item.revision for _, item in answered]
    span = f"revisions {min(revisions)} to {max(revisions)}" if revisions else "nothing"
    return bool(answered) and not back, (
        f"{len(answered)} of {len(drill.control_reads)} strong reads were answered, in both "
        f"Regions together, with {span}; {back} of them were older than one before."
    )


def changes(reads: Iterable[ControlRead], since: float) -> list[dict[str, Any]]:
    """Return the control item's revisions as they were first seen."""
    revisions: dict[int, dict[str, Any]] = {}
    for read in sorted(reads, key=lambda r: r.answered):
        if read.item and read.item.revision not in revisions:
            first_seen = {"at": round(read.answered - since, 3), **asdict(read.item)}
            revisions[read.item.revision] = first_seen
    return [revisions[revision] for revision in sorted(revisions)]


CHECKS: tuple[Callable[[Observations | TakeOver], Result], ...] = (
    no_two_regions_acknowledge_writes_at_once,
    revisions_and_epochs_never_go_back,
)
