"""The proof of a planned move: the target holds every write that the source acknowledged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilotlight.journal.comparison import (
    HIGHEST,
    MARGIN_MS,
    Mark,
    Span,
    compare,
    higher,
    lower_bound,
    newest,
    span,
)
from pilotlight.shared.timestamps import milliseconds, now
from pilotlight.shared.validation import violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pilotlight.journal.reader import Journal, Watermark

# Spans of at most a thousand entries, so that one call compares fifty thousand.
SPANS = 50
# Well within the 15 s that a step of the machine has, a last span with slow answers included.
SECONDS = 8.0
REGION = {"type": "string", "minLength": 1}
STEP_SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "A step of the proof",
    "type": "object",
    "required": ["step", "source", "target", "epoch"],
    "additionalProperties": False,
    "properties": {
        "execution": {"type": "string"},
        "step": {"enum": ["watermark", "tails"]},
        "source": REGION,
        "target": REGION,
        "epoch": {"type": "integer", "minimum": 1},
    },
}


class InvalidRequest(Exception):
    """The payload is no step of the proof."""


class TailsDiffer(Exception):
    """A write of the source is missing in the target, or the other way round."""


class TailTooLong(Exception):
    """There was more to compare than fits into one call. The next call continues from there."""


@dataclass(frozen=True)
class Progress:
    """How far two journals were compared and were equal.

    `writes` counts the entries of this call, `compared` those of the epoch, earlier calls included:
    if that is 0, nothing is proven. `complete`: there is no more to compare.
    """

    writes: int
    compared: int
    watermark: str
    complete: bool


class JournalProof:
    """The journal of the source in one epoch, in both Regions, span by span from the watermark."""

    def __init__(
        self,
        regions: tuple[str, str],
        source: Journal,
        target: Journal,
        watermark: Watermark,
        clock: Callable[[], int] = milliseconds,
    ) -> None:
        self._regions = regions
        self._source, self._target = source, target
        self._watermark = watermark
        self._clock = clock

    def advance(self, seconds: float) -> Progress:
        """Compare entries that are old enough, while the source serves, for about so many seconds.

        Raises
        ------
        TailsDiffer
            A write older than the margin is missing in the target. The watermark stays before it.
        """
        return self._go(lower_bound(self._clock() - MARGIN_MS), seconds, drained=False)

    def tails(self, seconds: float) -> Progress:
        """Compare all entries above the watermark. It proves something only of a drained source.

        Raises
        ------
        TailsDiffer
            A write, or an item's version, is missing in the target.
        TailTooLong
            It was not compared to its end.
        """
        progress = self._go(HIGHEST, seconds, drained=True)
        if not progress.complete:
            raise TailTooLong(f"{progress.writes} writes were compared, and there are more.")
        return progress

    def _go(self, until: str, seconds: float, *, drained: bool) -> Progress:
        safe = lower_bound(self._clock() - MARGIN_MS)
        stop = self._clock() + seconds * 1000
        mark, writes, complete = self._watermark.read(), 0, True
        before, beyond = mark.compared, 0
        for number, part in enumerate(self._spans(mark.write_id, until, drained=drained), 1):
            writes, complete = writes + len(part.entries), part.last
            upto = min(part.until, safe)
            # The next call compares entries beyond the watermark again and counts them then.
            beyond = sum(e.write_id > upto for e in part.entries)
            if upto > mark.write_id:
                mark = Mark(upto, before + writes - beyond)
                self._watermark.advance(mark)
            if number == SPANS or self._clock() >= stop:
                break
        return Progress(writes, before + writes, mark.write_id, complete)

    def _spans(self, after: str, until: str, *, drained: bool) -> Iterator[Span]:
        """Yield one span after the other, each compared and equal."""
        complete = after >= until
        while not complete:
            part = span(self._source.pages(after, until), after, until)
            self._compare(after, part, drained=drained)
            yield part
            after, complete = part.until, part.last

    def _compare(self, after: str, part: Span, *, drained: bool) -> None:
        """Compare a span. While the source serves, its items may be newer than the span."""
        theirs = self._target.entries(after, part.until, len(part.entries))
        expected = newest(part.entries)
        if drained:
            expected = higher(expected, self._source.versions(expected))
        comparison = compare(part.entries, theirs, expected, self._target.versions(expected))
        if not comparison.equal:
            raise TailsDiffer(comparison.describe(*self._regions))


def check_step(payload: dict[str, Any], regions: set[str]) -> None:
    """Raise InvalidRequest, with what is wrong, unless a payload is a step between the Regions."""
    wrong = violation(payload, STEP_SCHEMA)
    if not wrong and {payload["source"], payload["target"]} != regions:
        wrong = "source and target are not the two Regions"
    if wrong:
        raise InvalidRequest(f"{wrong}: {payload}")


def advance(proof: JournalProof) -> dict[str, Any]:
    """Compare what was written before the drain, as far as it has arrived."""
    done = proof.advance(SECONDS)
    return {"caught_up": done.complete, "watermark": done.watermark, "compared": done.compared}


def compare_tails(proof: JournalProof) -> dict[str, Any]:
    """Compare the rest. Equal journals prove something only where there are any."""
    tails = proof.tails(SECONDS)
    return {
        "complete": True,
        "proven": tails.compared > 0,
        "writes": tails.writes,
        "compared": tails.compared,
        "watermark": tails.watermark,
        "compared_at": now(),
    }


STEPS = {"watermark": advance, "tails": compare_tails}
