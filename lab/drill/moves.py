"""`lab moves`: planned moves under load, there and back, and for how long each refuses writes."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from statistics import median_low
from typing import TYPE_CHECKING

from rich.table import Table

from lab.config import LabError
from lab.drill.failback.checks import refusal
from lab.drill.history import written
from lab.drill.own_lab import heartbeat_wait, own_lab, settle
from lab.drill.users.traffic import Https, Traffic
from lab.drill.watching import Watch, caught_up, within
from lab.progress import Progress, console, verdict_of

if TYPE_CHECKING:
    from pathlib import Path

    from lab.config import LabConfig
    from lab.control import Control

MODES = ("switchover", "failback")
SETTLE_SECONDS, PAUSE_SECONDS = 30.0, 2.0


@dataclass(frozen=True)
class Move:
    """One planned move. Seconds are wall time, measured."""

    mode: str
    outcome: str
    seconds: float
    refused_write_seconds: float | None
    summary: str


@dataclass(frozen=True)
class Report:
    """What all moves together came to."""

    moves: list[Move]
    acknowledged_writes: int
    present_writes: int
    lost_writes: int
    replication_lag: float
    speed: float

    @property
    def passed(self) -> bool:
        """Whether every move moved and no acknowledged write was lost."""
        moved = all(m.outcome == "switched_over" for m in self.moves)
        return moved and bool(self.acknowledged_writes) and not self.lost_writes

    @property
    def refused(self) -> list[float]:
        """The seconds of refused writes of the moves that are known."""
        known = [m.refused_write_seconds for m in self.moves]
        return [seconds for seconds in known if seconds is not None]


def run_moves(config: LabConfig, folder: Path, *, count: int, users: int) -> Report:
    """Make planned moves in a lab of its own, write moves.json, and print what they came to."""
    progress = Progress()
    with own_lab(config, progress) as lab:
        report = Moves(config, lab, progress, users).run(count)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(report), indent=2)
    (folder / "moves.json").write_text(text + "\n", encoding="utf-8")
    show(report)
    return report


class Moves:
    """Planned moves of a lab that is up, under load."""

    def __init__(self, config: LabConfig, lab: Control, progress: Progress, users: int) -> None:
        self._config, self._lab, self._progress = config, lab, progress
        self._watch, https = Watch(config, lab), Https(config)
        self._users = [Traffic(config, https) for _ in range(users)]

    def run(self, count: int) -> Report:
        """Move back and forth, then compare every write with what is there."""
        settle(self._config, self._lab, self._progress)
        try:
            for user in self._users:
                user.start()
            time.sleep(PAUSE_SECONDS)
            moves = [self._move(MODES[n % 2]) for n in range(count)]
        finally:
            for user in self._users:
                user.stop()
        within(SETTLE_SECONDS, lambda: caught_up(self._lab))
        return self._report(moves)

    def _move(self, mode: str) -> Move:
        config = self._config
        target = config.secondary_region if mode == "switchover" else config.primary_region
        with self._progress.step(f"{mode} to {target}"):
            requested = time.time()
            run = self._watch.run("switchover", {"mode": mode, "reason": "moves under load"})
            took = round(time.time() - requested, 3)
            within(SETTLE_SECONDS, lambda: self._lab.leads_to() == target)
            time.sleep(PAUSE_SECONDS + heartbeat_wait(config.speed))
        # The longest of all users counts; one to whom nobody answers any more counts as unknown.
        each = [refusal(list(user.requests), requested) for user in self._users]
        known = [seconds for seconds in each if seconds is not None]
        longest = max(known) if len(known) == len(each) else None
        summary = str(run.output.get("summary") or run.output)
        return Move(mode, run.outcome, took, longest, summary)

    def _report(self, moves: list[Move]) -> Report:
        control = self._watch.control()
        if control is None:
            raise LabError("The control item could not be read at the end.")
        present = written(self._watch.rows(control.active_region))
        acknowledged = {w.write_id for user in self._users for w in user.writes}
        return Report(
            moves,
            len(acknowledged),
            len(acknowledged & present),
            len(acknowledged - present),
            self._config.replication_lag,
            self._config.speed,
        )


def show(report: Report) -> None:
    """Print each move, and what they came to."""
    table = Table(box=None, pad_edge=False)
    for head in ("move", "outcome", "took", "refused writes for"):
        table.add_column(head, justify="left" if head in ("move", "outcome") else "right")
    for move in report.moves:
        refused = move.refused_write_seconds
        window = "unknown" if refused is None else f"{refused:.2f} s"
        table.add_row(move.mode, move.outcome, f"{move.seconds:.1f} s", window)
    console.print()
    console.print(table)
    console.print()
    for move in report.moves:
        if move.outcome != "switched_over":
            console.print(f"{move.mode}: {move.summary}", soft_wrap=True, markup=False)
    if report.refused:
        median, longest = median_low(report.refused), max(report.refused)
        console.print(
            f"Writes were refused for {median:.2f} s (p50), {longest:.2f} s at most, at a "
            f"replication lag of {report.replication_lag:g} s. Measured, wall time."
        )
    console.print(
        f"Of {report.acknowledged_writes} acknowledged writes {report.present_writes} are present, "
        f"{report.lost_writes} are lost."
    )
    console.print(verdict_of(passed=report.passed))
