"""The course of a break-glass: the active Secondary is lost, and a person does what is left."""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING, Any

from lab.config import LabError
from lab.drill.break_glass import BreakGlass
from lab.drill.failback import LAST_MOMENT, MEANWHILE
from lab.drill.history import text_of, written
from lab.drill.observations import Write
from lab.drill.own_lab import settle
from lab.drill.returned import write_from_its_return
from lab.drill.traffic import Https, Traffic
from lab.drill.waiting import caught_up, within
from lab.drill.watching import Watch

if TYPE_CHECKING:
    from lab.config import LabConfig
    from lab.control import Control
    from lab.drill.observations import Execution
    from lab.progress import Progress

WHO = "the drill"
RUN_SECONDS, SETTLE_SECONDS, BASELINE_SECONDS, ATTEMPTS = 90.0, 60.0, 3.0, 3


class Course:
    """One break-glass in a lab that is up."""

    def __init__(self, config: LabConfig, lab: Control, progress: Progress) -> None:
        self._config, self._lab, self._progress = config, lab, progress
        self._there = Watch(config, lab)
        self._here = Watch(config, lab, config.primary_region)
        self._https = Https(config)
        self._traffic = Traffic(config, self._https)
        self.seen = BreakGlass(
            config.primary_region,
            config.secondary_region,
            config.public_name,
            config.replication_lag,
        )

    def run(self) -> BreakGlass:
        """Go through it and return what was seen, whatever became of it."""
        is_active = self._is_active(self._config.secondary_region)
        if not is_active:
            settle(self._config, self._lab, self._progress)
        try:
            self._traffic.start()
            self._make_the_secondary_active(move=not is_active)
            self._lose_it()
            self._break_the_glass()
            self._bring_it_back()
            self._reconcile()
            self._go_on()
        finally:
            self._traffic.stop()
        self._look_at_every_write()
        return self.seen

    def _is_active(self, region: str) -> bool:
        now = self._there.control()
        return now is not None and now.active_region == region

    def _make_the_secondary_active(self, *, move: bool) -> None:
        secondary = self._config.secondary_region
        with self._progress.step(f"{secondary} is active"):
            if move:
                # Users' first requests start what answers them; two cores do that one by one.
                time.sleep(BASELINE_SECONDS)
                self._move("a drill")
            if not within(SETTLE_SECONDS, lambda: self._served_by(secondary)):
                raise LabError(f"{secondary} takes no writes. See .lab/last/engine.log.")
            self._traffic.replace("Written long before the loss")
            time.sleep(BASELINE_SECONDS)
            self.seen.control_before = self._there.control()

    def _lose_it(self) -> None:
        primary, secondary = self._config.primary_region, self._config.secondary_region
        self.seen.overwritten = self._traffic.replace(LAST_MOMENT)
        self.seen.lost_at = time.time()
        self._lab.act("outage", mode="region", region=secondary)
        self._progress.event(f"{secondary} is lost, while it is active")
        with self._progress.step(f"DNS leads to {primary}, and nobody can write"):
            within(SETTLE_SECONDS, lambda: self._lab.leads_to() == primary)
            time.sleep(BASELINE_SECONDS)

    def _break_the_glass(self) -> None:
        seen, primary = self.seen, self._config.primary_region
        given = {"confirm": "yes, please", "reason": "the Secondary is gone"}
        with self._progress.step("A wrong sentence is refused"):
            seen.wrong = self._run(self._here, "break-glass", given)
            seen.control_after_wrong = self._here.control()
        told = re.search(r'"confirm": "([^"]+)"', str(seen.wrong.output.get("cause")))
        with self._progress.step("The right one makes the Primary active"):
            seen.broken_at = time.time()
            sentence = told[1] if told else ""
            seen.right = self._run(self._here, "break-glass", {**given, "confirm": sentence})
            seen.control_after_right = self._here.control()
        with self._progress.step(f"{primary} takes the writes"):
            within(SETTLE_SECONDS, lambda: self._traffic.replace(MEANWHILE))
            time.sleep(BASELINE_SECONDS)
            seen.led_to = self._lab.leads_to()

    def _bring_it_back(self) -> None:
        secondary, contested = self._config.secondary_region, f"contested-{uuid.uuid4().hex[:8]}"
        self.seen.contested = self._written_here(contested)
        self._progress.event(f"{secondary} comes back, and believes itself active")
        with self._progress.step(f"{secondary} learns that it is not"):
            self.seen.healed = time.time()
            self.seen.returned = write_from_its_return(
                self._https, self._config, self._lab, region=secondary, contested=contested
            )
            mark = self.seen.right.arn if self.seen.right else ""
            within(SETTLE_SECONDS, lambda: self._there.broken_glass() == mark)
        with self._progress.step("A planned move is refused until it is reconciled"):
            request = {"mode": "switchover", "reason": "is it reconciled?"}
            self.seen.refused_move = self._run(self._there, "switchover", request)

    def _reconcile(self) -> None:
        """Compare what both acknowledged, accept it, and take the mark away, as a person would."""
        found: dict[str, Any] = {}

        def compared() -> bool:
            found.update(self._there.ledger(action="reconcile"))
            return bool(found.get("complete"))

        with self._progress.step("The ledger of what both acknowledged"):
            within(SETTLE_SECONDS, lambda: caught_up(self._lab))
            self.seen.complete = within(SETTLE_SECONDS, compared)
            self._there.ledger(action="accept", write_ids="all", by=WHO)
            if self.seen.right:
                self._there.reconcile_break_glass(self.seen.right.arn)
            within(SETTLE_SECONDS, lambda: self._here.broken_glass() is None)

    def _go_on(self) -> None:
        primary = self._config.primary_region
        settle(self._config, self._lab, self._progress)
        with self._progress.step("A rehearsal, the record, and a planned move"):
            given: dict[str, Any] = {"mode": "rehearsal", "reason": "after the break-glass"}
            self.seen.rehearsal = self._run(self._there, "failover", given)
            within(SETTLE_SECONDS, lambda: self._served_by(primary))
            given = {"mode": "failback", "reason": "put the break-glass on record"}
            self.seen.recorded = self._run(self._there, "switchover", given)
            self.seen.moved_again = self._move("all works again")
            within(SETTLE_SECONDS, lambda: self._served_by(self._config.secondary_region))
            time.sleep(BASELINE_SECONDS)

    def _look_at_every_write(self) -> None:
        seen = self.seen
        seen.requests, seen.writes = self._traffic.requests, self._traffic.writes
        with self._progress.step("What became of every write"):
            within(SETTLE_SECONDS, lambda: caught_up(self._lab))
            seen.control_finally = self._there.control()
            found = self._there.ledger(action="list")
            given_up = seen.control_before.epoch if seen.control_before else 0
            # An earlier disaster may have left entries of its own.
            seen.ledger = [e for e in found["entries"] if e["epoch"] >= given_up]
            seen.open_after = found["open"]
            rows = self._there.rows(self._config.secondary_region)
            seen.written = written(rows)
            if seen.overwritten:
                seen.replaced_text = text_of(rows, seen.overwritten.item_id)

    def _move(self, reason: str) -> Execution:
        """Move to the Secondary. A refusal changes nothing, so it is asked for again, thrice."""
        for _ in range(ATTEMPTS):
            given = {"mode": "switchover", "reason": reason}
            run = self._run(self._there, "switchover", given)
            if run.outcome != "refused":
                break
            self._progress.event(f"The move was refused: {run.output.get('summary')}")
            time.sleep(BASELINE_SECONDS)
        return run

    def _run(self, watch: Watch, machine: str, given: dict[str, Any]) -> Execution:
        arn = watch.start(machine, given)
        within(RUN_SECONDS, lambda: watch.ended(arn))
        return watch.execution(arn)

    def _served_by(self, region: str) -> bool:
        """Say whether a Region takes users' writes, by the newest that was acknowledged."""
        newest = self._traffic.writes[-1:]
        return self._lab.leads_to() == region and any(
            w.region == region and w.acknowledged > time.time() - 1 for w in newest
        )

    def _written_here(self, item_id: str) -> Write | None:
        """Write an item in the Primary, which the Secondary is about to write as well."""
        host, text = self._config.public_name, {"text": "Written by the Primary"}
        primary = self._config.primary_region
        answer = self._https.request(primary, host, "PUT", f"/items/{item_id}", text)
        if not 200 <= answer.status < 300:
            return None
        return Write(item_id, answer.headers.get("X-Write-Id", ""), time.time(), primary)
