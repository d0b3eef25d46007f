"""The proof of a planned move: the target holds every write that the source acknowledged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pilot_light_client.timestamps import milliseconds, now
from pilot_light_client.ulid import lowest_of

from pilotlight.journal.comparison import (
    HIGHEST,
    LOWEST,
    MARGIN_MS,
    Mark,
    Span,
    compare,
    higher,
    newest,
    span,
)
from pilotlight.shared.validation import violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pilotlight.journal.reader import Journal, Watermark

logger = Logger(child=True)
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
    if that is 0, nothing is proven. Nor is it where rows were `unreadable`. `complete`: there is no
    more to compare.
    """

    writes: int
    compared: int
    watermark: str
    complete: bool
    unreadable: int = 0

    @property
    def proven(self) -> bool:
        """Whether entries were compared, and every row of them could be read."""
        return self.compared > 0 and not self.unreadable


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
        return self._go(lowest_of(self._clock() - MARGIN_MS), seconds, drained=False)

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
        safe = lowest_of(self._clock() - MARGIN_MS)
        stop = self._clock() + seconds * 1000
        mark, writes, complete = self._watermark.read(), 0, True
        if mark.write_id > lowest_of(self._clock()):
            # It was stored by a clock that is ahead: what lies below it was perhaps not compared.
            mark = Mark(LOWEST, 0)
        before, unreadable = mark.compared, mark.unreadable
        spans = self._spans(mark.write_id, until, drained=drained)
        for number, (part, of_part) in enumerate(spans, 1):
            writes, complete = writes + len(part.entries), part.last
            unreadable += of_part
            upto = min(part.until, safe)
            # The next call compares entries beyond the watermark again and counts them then.
            beyond = sum(e.write_id > upto for e in part.entries)
            if upto > mark.write_id:
                mark = Mark(upto, before + writes - beyond, unreadable)
                self._watermark.advance(mark)
            if number == SPANS or self._clock() >= stop:
                break
        return Progress(writes, before + writes, mark.write_id, complete, unreadable)

    def _spans(self, after: str, until: str, *, drained: bool) -> Iterator[tuple[Span, int]]:
        """Yield one span after the other, each compared and equal, and its unreadable rows."""
        complete = after >= until
        while not complete:
            part = span(self._source.pages(after, until), after, until)
            yield part, self._compare(after, part, drained=drained)
            after, complete = part.until, part.last

    def _compare(self, after: str, part: Span, *, drained: bool) -> int:
        """Compare a span, and return how many of its rows cannot be read.

        While the source serves, its items may be newer than the span.
        """
        theirs = self._target.entries(after, part.until, len(part.entries))
        expected = newest(part.entries)
        if drained:
            expected = higher(expected, self._source.versions(expected))
        actual = self._target.versions(expected)
        comparison = compare(part.entries, theirs, expected, actual)
        if not comparison.equal:
            raise TailsDiffer(comparison.describe(*self._regions))
        entries = [e.write_id for e in part.entries if e.item is None]
        items = [str(item) for item, version in actual.items() if version.number == 0]
        if entries or items:
            found = {"entries": entries, "items": items}
            logger.warning("Rows that cannot be read were not compared", extra=found)
        return len(entries) + len(items)


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
    """Compare the rest. Equal journals prove something only where there are any, all readable."""
    tails = proof.tails(SECONDS)
    return {
        "complete": True,
        "proven": tails.proven,
        "detail": in_words(tails),
        "unreadable": tails.unreadable,
        "writes": tails.writes,
        "compared": tails.compared,
        "watermark": tails.watermark,
        "compared_at": now(),
    }


def in_words(tails: Progress) -> str:
    """Return what a comparison to the end of both journals shows."""
    if tails.proven:
        return (
            f"Compared before the claim: {tails.compared} journal entries; the target holds every "
            "one of them."
        )
    if tails.unreadable:
        return (
            f"Moved, unproven: {tails.unreadable} rows could not be read and were not compared. "
            "See docs/runbook/unreadable-rows.md."
        )
    return (
        "Moved, unproven: the journal of the source has no entry of this epoch, so nothing was "
        "compared."
    )


STEPS = {"watermark": advance, "tails": compare_tails}
