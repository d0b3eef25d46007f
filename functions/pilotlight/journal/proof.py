"""The proof of a planned move: the target holds every write that the source acknowledged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pilot_light_client import timestamps
from pilot_light_client.journal_days import LEAST_DAYS
from pilot_light_client.timestamps import milliseconds, now
from pilot_light_client.ulid_format import lowest_of, moment_of

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
from pilotlight.journal.expiry import kept_from
from pilotlight.shared.validation import violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from pilotlight.journal.reader import Journal, Watermark

logger = Logger(child=True)
# Spans of at most four thousand entries: time ends a call long before their number does.
SPANS = 50
# Well within the 15 s that a step of the machine has, a last span with slow answers included.
SECONDS = 8.0
REGION = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 0}
STEP_SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "A step of the proof",
    "type": "object",
    "required": ["step", "source", "target", "epoch"],
    "additionalProperties": False,
    "properties": {
        "execution": {"type": "string"},
        "step": {"enum": ["watermark", "tails"]},
        "so_far": {
            "type": ["object", "null"],
            "required": ["reached", "compared", "unreadable", "writes", "uncompared_since"],
            "additionalProperties": False,
            "properties": {
                "reached": {"type": "string"},
                "compared": COUNT,
                "unreadable": COUNT,
                "writes": COUNT,
                "uncompared_since": {"type": "string"},
            },
        },
        "source": REGION,
        "target": REGION,
        "epoch": {"type": "integer", "minimum": 1},
    },
}


class InvalidRequest(Exception):
    """The payload is no step of the proof."""


class TailsDiffer(Exception):
    """A write of the source is missing in the target, or the other way round."""


@dataclass(frozen=True)
class Progress:
    """How far two journals were compared and were equal.

    `writes` counts the entries of this call, `compared` those of the epoch, earlier calls included:
    if that is 0, nothing is proven. Nor is it where rows were `unreadable`, or entries may have
    expired before they were compared, `uncompared_since`. `complete`: there is no more to compare
    beyond `reached`.
    """

    writes: int
    compared: int
    watermark: str
    reached: str
    complete: bool
    unreadable: int = 0
    uncompared_since: str = ""

    @property
    def proven(self) -> bool:
        """Whether entries were compared, none had expired, and every row could be read."""
        return self.compared > 0 and not (self.unreadable or self.uncompared_since)


class JournalProof:
    """The journal of the source in one epoch, in both Regions, span by span from the watermark.

    `began` returns the earliest time at which the epoch can have begun, or None if that is unknown.
    It is called where there is no watermark yet.
    """

    def __init__(
        self,
        regions: tuple[str, str],
        source: Journal,
        target: Journal,
        watermark: Watermark,
        began: Callable[[], datetime | None],
        clock: Callable[[], int] = milliseconds,
    ) -> None:
        self._regions = regions
        self._source, self._target = source, target
        self._watermark = watermark
        self._began = began
        self._clock = clock

    def advance(self, seconds: float) -> Progress:
        """Compare entries that are old enough, while the source serves, for about so many seconds.

        Raises
        ------
        TailsDiffer
            A write older than the margin is missing in the target. The watermark stays before it.
        """
        return self._go(lowest_of(self._clock() - MARGIN_MS), seconds, drained=False)

    def tails(self, seconds: float, so_far: Mark | None = None) -> Progress:
        """Compare entries above the watermark. It proves something only of a drained source.

        Parameters
        ----------
        so_far
            How far an earlier call in the same drain came. What is younger than the margin is
            final while nobody writes, and only then.

        Raises
        ------
        TailsDiffer
            A write, or an item's version, is missing in the target.
        """
        return self._go(HIGHEST, seconds, drained=True, so_far=so_far)

    def _go(
        self, until: str, seconds: float, *, drained: bool, so_far: Mark | None = None
    ) -> Progress:
        safe = lowest_of(self._clock() - MARGIN_MS)
        stop = self._clock() + seconds * 1000
        mark, writes, complete = self._stored(), 0, True
        start = so_far or mark
        reached, unreadable = start.write_id, start.unreadable
        uncompared = start.uncompared_since or ("" if so_far else self._expired(mark))
        for number, (part, of_part) in enumerate(self._spans(reached, until, drained=drained), 1):
            writes, reached, complete = writes + len(part.entries), part.until, part.last
            unreadable += of_part
            upto = min(part.until, safe)
            # Entries beyond the watermark are compared again, and counted then, if the drain fails.
            beyond = sum(e.write_id > upto for e in part.entries)
            if upto > mark.write_id and so_far is None:
                mark = Mark(upto, start.compared + writes - beyond, unreadable, uncompared)
                self._watermark.advance(mark)
            if number == SPANS or self._clock() >= stop:
                break
        compared = start.compared + writes
        return Progress(writes, compared, mark.write_id, reached, complete, unreadable, uncompared)

    def _expired(self, mark: Mark) -> str:
        """Return since when entries beyond a watermark may have expired, or nothing if none may."""
        surely_kept = kept_from(self._clock())
        if mark.write_id >= surely_kept:
            return ""
        since = moment_of(mark.write_id) if mark.write_id != LOWEST else self._began()
        if since and lowest_of(int(since.timestamp() * 1000)) >= surely_kept:
            return ""
        return timestamps.text(since) if since else "its beginning"

    def _stored(self) -> Mark:
        """Return the watermark. One of a clock that is ahead has perhaps not been compared."""
        mark = self._watermark.read()
        return Mark(LOWEST, 0) if mark.write_id > lowest_of(self._clock()) else mark

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


def compare_tails(proof: JournalProof, so_far: dict[str, Any] | None) -> dict[str, Any]:
    """Compare the rest, or go on from `so_far`, which an earlier call returned.

    Equal journals prove something only where there are any, all readable.
    """
    mark, writes = None, 0
    if so_far:
        mark = Mark(
            so_far["reached"],
            int(so_far["compared"]),
            int(so_far["unreadable"]),
            so_far["uncompared_since"],
        )
        writes = int(so_far["writes"])
    tails = proof.tails(SECONDS, mark)
    counts = {
        "compared": tails.compared,
        "unreadable": tails.unreadable,
        "writes": writes + tails.writes,
        "uncompared_since": tails.uncompared_since,
    }
    if not tails.complete:
        return {"complete": False, "so_far": {"reached": tails.reached, **counts}}
    return {
        "complete": True,
        "proven": tails.proven,
        "detail": in_words(tails),
        **counts,
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
    if tails.uncompared_since:
        return (
            f"Moved, unproven: a journal entry may expire after {LEAST_DAYS} days, and those of "
            f"this epoch since {tails.uncompared_since} were not compared in time."
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
