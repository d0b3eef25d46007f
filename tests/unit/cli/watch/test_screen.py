"""What a person sees of a run: at 80 columns and wide, with and without colour."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from cli.watch import screen
from cli.watch.lines import Lines
from cli.watch.run import Run
from cli.watch.verdict import verdict
from cli.watch.waits import waiting
from tests.unit.cli.watch.made_up_run import (
    NOT_MET,
    OUTAGE,
    READY,
    START,
    WARM,
    History,
    begun,
    output,
    promoted,
    unready,
)
from tests.unit.cli.watch.test_waits import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Callable

SCREENS = Path(__file__).with_name("screens")


def failover() -> History:
    return promoted()


def hold() -> History:
    """A failover that is on hold, and goes on when a table is there again."""
    run = begun().judge("hold", OUTAGE, unready("Not ready: items_table (CREATING)."), WARM)
    held = {"holdStartedAt": "2026-07-01T03:00:03.200Z"}
    run.task("NotifyHold").wait("WaitToJudgeAgain", 15)
    for _ in range(3):
        run.judge("hold", OUTAGE, unready("Not ready: items_table (CREATING)."), WARM, **held)
        run.wait("WaitToJudgeAgain", 15)
    run.judge("hold", OUTAGE, unready("Not ready: items_table (no answer within 2 s)."), WARM)
    return run.enter("WaitToJudgeAgain", "Wait").after(4)


def approval() -> History:
    return begun().judge("promote", OUTAGE, READY, WARM).enter("AskApproval").after(42)


def rehearsal() -> History:
    run = begun("rehearsal", "manual").judge("rehearse", OUTAGE, READY)
    run.enter("RehearseClaim").after(0.1).fail(NOT_MET).leave(outcome="rehearsed")
    run.task("KeepRehearsal").task("RecordRehearsal").task("ReleaseLock").task("WriteReport")
    told = output("rehearsed", mode="rehearsal", verdict="PASS", summary="All conditions are met.")
    return run.end(output=json.dumps(told))


def failed() -> History:
    run = begun().judge("promote", OUTAGE, READY).enter("Claim")
    for _ in range(3):
        run.after(1).fail("DynamoDB.ReplicatedWriteConflictException", "No quorum.").schedule()
    run.after(1).fail("DynamoDB.ReplicatedWriteConflictException", "No quorum.").leave()
    run.task("ReadControl").task("NotifyFailure").task("ReleaseLock").task("WriteReport")
    cause = "Claim: ClaimNotMade: 3 writes of the control item failed."
    return run.end("Failed", error="RecoveryFailed", cause=cause)


def shown(history: History, width: int, **more: Any) -> str:
    run, out = Run(), io.StringIO()
    console = Console(file=out, width=width, highlight=False, **more)
    console.print(screen.head("failover", "run-2", "us-east-2", START, "failover"))
    for line in Lines(run).of(run.take(history.events)):
        console.print(screen.line(line, START))
    if run.end:
        screen.print_end(console, verdict(run.end, run, "failover", "run-2"), 19.3)
    if waits := waiting(run, PARAMETERS):
        text = screen.waits(waits, history.now, "after that about 14 s, by 3 past runs")
        problem = "us-east-2: no answer, none within 3 s, to read how the execution run-2 goes on."
        console.print(screen.live(text, START, history.now, problem))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


@pytest.mark.parametrize(
    "made", [failover, hold, approval, rehearsal, failed], ids=lambda m: m.__name__
)
@pytest.mark.parametrize("width", [80, 160])
def test_the_screen_is_the_one_on_record(made: Callable[[], History], width: int) -> None:
    """To change one on purpose, delete its file and run the test twice."""
    text = shown(made(), width)
    # An address stays in one piece, so that it can be copied.
    assert max(len(line) for line in text.splitlines() if "s3://" not in line) <= width
    file = SCREENS / f"{made.__name__}-{width}.txt"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        pytest.fail(f"{file.name} was missing and is written now.")
    assert text == file.read_text()


def test_colour_adds_nothing_but_colour() -> None:
    coloured = shown(hold(), 80, force_terminal=True, color_system="standard", no_color=False)
    assert "\x1b[1;33mUNMET\x1b[0m" in coloured
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in plain.splitlines()] == shown(hold(), 80).splitlines()


def test_without_colour_no_colour_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(hold(), 80, force_terminal=True)
    assert "\x1b[33m" not in text and ";33m" not in text


def test_what_is_over_is_not_said_to_be_still_to_come() -> None:
    history = approval()
    run = Run()
    run.take(history.events)
    waits = waiting(run, PARAMETERS)
    assert waits is not None
    late = history.now + timedelta(hours=1)
    assert "(in " not in screen.waits(waits, late)
    assert "(in 258 s)" in screen.waits(waits, history.now)
