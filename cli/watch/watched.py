"""One execution that is watched: polled, printed, and judged at its end."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli import exits
from cli.asking.needed import NotFound
from cli.asking.problem import sentences
from cli.options import print_json
from cli.screens import console
from cli.watch import forecast, reads, screen
from cli.watch.document import document
from cli.watch.ends import end_of, mode_of
from cli.watch.lines import Lines
from cli.watch.run import Run
from cli.watch.verdict import Verdict, verdict
from cli.watch.view import View
from cli.watch.waits import waiting

if TYPE_CHECKING:
    from concurrent.futures import Future

    from cli.asking.clients import Clients
    from cli.options import Asked
    from cli.watch.forecast import Past

POLL_SECONDS, QUIET_SECONDS = 1.0, 2.0
LOST_SECONDS = 60.0
# The end of the history may lag behind that of the execution.
LAST_POLLS = 3


class Watched:
    """One execution that is watched."""

    def __init__(
        self,
        asked: Asked,
        clients: Clients,
        arn: str,
        past: Future[list[Past] | None] | None,
        *,
        every_state: bool = False,
    ) -> None:
        self._asked, self._clients, self._arn, self._past = asked, clients, arn, past
        self.name = arn.rsplit(":", 1)[-1]
        self._machine = arn.split(":")[6].removeprefix(f"{asked.deployment.app_name}-")
        self.run = Run()
        self._lines = Lines(self.run, every_state=every_state)
        self._description: dict[str, Any] = {}
        self._left_out = 0
        self._problem = ""
        self._answered_at = time.monotonic()
        self.view = View(console(stderr=asked.as_json), self._waits, self._live)

    def until_the_end(self, *, started_here: bool) -> Verdict:
        """Poll until the run has ended, or until nothing was answered for too long."""
        last_polls = LAST_POLLS
        with self.view:
            while True:
                found = reads.poll(self._clients, self._arn, self.run)
                if not (self._description or started_here) and _is_missing(found):
                    raise NotFound(" ".join(sentences(found.problems)))
                news = self.take(found)
                if self.run.end or self._ended_silently():
                    return self.verdict()
                if self._ended():
                    last_polls -= 1
                    if not last_polls:
                        return self.verdict()
                elif self._silent() >= LOST_SECONDS:
                    return self._lost()
                self.view.tick(self._problem)
                time.sleep(POLL_SECONDS if news else QUIET_SECONDS)

    def take(self, found: reads.Poll, *, lines: bool = True) -> bool:
        """Take what a poll has read, print it, and return whether anything happened."""
        if found.answered:
            self._answered_at = time.monotonic()
        first = not self._description and found.description is not None
        self._description = found.description or self._description
        if first:
            self._print_head()
        self._left_out += found.left_out
        if found.left_out and lines:
            self.view.print_text(f"… {found.left_out} earlier events are not shown")
        happened = self.run.take(found.events)
        if lines:
            self.view.print_lines(self._lines.of(happened), self._started())
        unknown_yet = not self._description and _is_missing(found)
        self._problem = "" if unknown_yet else " ".join(sentences(found.problems))
        return bool(happened)

    def verdict(self) -> Verdict:
        """Return how the run ended, by its description or else by its last event."""
        end = end_of(self._description) if self._description else None
        end = end or self.run.end
        assert end is not None
        self.run.end = end
        return verdict(end, self.run, self._machine, self.name, self._mode())

    def show(self, ended: Verdict, exit_code: int | None = None) -> None:
        """Print the verdict, and the document where one is wanted."""
        end = self.run.end
        seconds = (
            (end.at - started).total_seconds() if end and (started := self._started()) else None
        )
        screen.print_end(self.view.out, ended, seconds)
        if self._problem:
            self.view.out.print(f"Not read: {self._problem}")
        if self._asked.as_json:
            found = document(
                self.run,
                ended,
                arn=self._arn,
                mode=self._mode(),
                started=self._started(),
                left_out=self._left_out,
                problems=[self._problem] if self._problem else [],
            )
            print_json(found | ({} if exit_code is None else {"exit_code": exit_code}))

    def _ended(self) -> bool:
        return bool(self._description) and end_of(self._description) is not None

    def _ended_silently(self) -> bool:
        """Return whether the run has ended and its history cannot be read."""
        return self._ended() and bool(self._problem)

    def _silent(self) -> float:
        return time.monotonic() - self._answered_at

    def _lost(self) -> Verdict:
        text = f"Nothing could be read for {LOST_SECONDS:.0f} s. The run goes on without a watcher."
        advice = [f"pilot-light watch {self.name}", "pilot-light status"]
        return Verdict(
            "UNKNOWN", "unknown", "lost sight of the run", exits.UNKNOWN, text, next=advice
        )

    def _started(self) -> datetime | None:
        first = self.run.visits[0].entered_at if self.run.visits else None
        started: datetime | None = self._description.get("startDate", first)
        return started

    def _mode(self) -> str | None:
        told = self.run.request.get("mode") or mode_of(self._description.get("input"))
        # An alarm's event names none.
        return told or ("failover" if self._machine == "failover" else None)

    def _print_head(self) -> None:
        region, started = self._arn.split(":")[3], self._description["startDate"]
        self.view.out.print(screen.head(self._machine, self.name, region, started, self._mode()))

    def _waits(self) -> tuple[str, str, bool]:
        """Return the state that is waited for, all about it, and whether only people end it."""
        now = datetime.now(UTC)
        found = waiting(self.run, self._asked.deployment.parameters)
        if found is None:
            last = self.run.visits[-1].name if self.run.visits else ""
            text = f"waits for what comes after {last}" if last else "waits for the first answer"
            return "", text, False
        holds = found.for_people or self.run.decision.get("action") == "hold"
        left = self._forecast(now, after=holds)
        return found.state, screen.waits(found, now, left), found.for_people

    def _forecast(self, now: datetime, *, after: bool) -> str:
        if self._past is None or not self._past.done():
            return ""
        past = None if self._past.exception() else self._past.result()
        return forecast.words(past, str(self._mode()), self.run.timeline, now, after=after)

    def _live(self) -> Any:
        problem = self._problem
        if problem and self._silent() > POLL_SECONDS + QUIET_SECONDS:
            problem += f" Nothing could be read for {self._silent():.0f} s of {LOST_SECONDS:.0f}."
        return screen.live(self._waits()[1], self._started(), datetime.now(UTC), problem)


def _is_missing(found: reads.Poll) -> bool:
    """Return whether AWS knows no such execution."""
    return bool(found.problems) and all(p.kind == "missing" for p in found.problems)
