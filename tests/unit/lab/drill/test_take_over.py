"""The checks of a break-glass, and what its command tells."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from lab.drill import break_glass_command as command
from lab.drill.break_glass import BreakGlass, checks, fate
from lab.drill.failback import MEANWHILE
from lab.drill.observations import Answered, Control, Request
from tests.unit.lab.drill.seen import OUTAGE, entry, execution, write
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY

if TYPE_CHECKING:
    from pathlib import Path

LOST = write(1, -0.1, SECONDARY)


def failed(error: str, cause: str) -> Any:
    return execution(status="FAILED", output={"error": error, "cause": cause})


def ended(outcome: str) -> Any:
    return execution(output={"outcome": outcome, "summary": "well"})


def request(started: float, *, good: bool) -> Request:
    return Request("write", OUTAGE + started, OUTAGE + started + 0.1, good, None, "said")


def answered(at: float, by: str, through: str | None = None, item: str = "r-1") -> Answered:
    return Answered(201, by, through, OUTAGE + at, item_id=item, write_id=f"write-of-{item}")


def well(**other: Any) -> BreakGlass:
    """All went as the runbook says. Seconds from the loss: broken at 10, back at 20."""
    found = BreakGlass(
        PRIMARY,
        SECONDARY,
        "app.pilotlight.example",
        0.5,
        lost_at=OUTAGE,
        broken_at=OUTAGE + 10,
        healed=OUTAGE + 20,
        control_before=Control(SECONDARY, 2),
        wrong=failed("InvalidExecutionInput", 'Write "confirm": "MAKE …"'),
        control_after_wrong=Control(SECONDARY, 2),
        right=ended("broken_glass"),
        control_after_right=Control(PRIMARY, 3),
        led_to=PRIMARY,
        overwritten=LOST,
        contested=write(3, 19.0, PRIMARY),
        returned=[
            answered(21.0, SECONDARY, item="r-0"),
            answered(23.5, PRIMARY, SECONDARY, item="r-1"),
        ],
        refused_move=failed("RecoveryFailed", "ReadControl: BreakGlassUnreconciled: …"),
        complete=True,
        ledger=[entry("write-1", "lost", status="accepted"), entry("write-3", "lost")],
        open_after=0,
        rehearsal=ended("rehearsed"),
        recorded=ended("switched_over"),
        moved_again=ended("switched_over"),
        control_finally=Control(SECONDARY, 4),
        written=frozenset({"write-0", "write-2", "write-of-r-0", "write-of-r-1"}),
        replaced_text=MEANWHILE,
        requests=[request(1.0, good=False), request(9.0, good=False), request(12.0, good=True)],
        writes=[write(0, -5.0, SECONDARY), LOST, write(2, 12.0, PRIMARY)],
    )
    return replace(found, **other)


def test_all_pass_where_all_went_well() -> None:
    assert [f"{c.name}: {c.detail}" for c in checks(well()) if not c.passed] == []


def test_nothing_passes_where_nothing_was_seen() -> None:
    seen = BreakGlass(PRIMARY, SECONDARY, "app.pilotlight.example", 0.5)
    assert [c.name for c in checks(seen) if c.passed] == []


@pytest.mark.parametrize(
    ("check", "seen", "why"),
    [
        (
            "nobody_writes_without_the_secondary",
            well(requests=[request(1.0, good=True)]),
            "Of 1 writes 1 were taken",
        ),
        (
            "a_wrong_sentence_changes_nothing",
            well(control_after_wrong=Control(PRIMARY, 3)),
            "us-west-2 is active in epoch 3",
        ),
        ("a_wrong_sentence_changes_nothing", well(wrong=ended("broken_glass")), "SUCCEEDED"),
        ("a_wrong_sentence_changes_nothing", well(wrong=failed("Other", "-")), "Other"),
        (
            "the_right_sentence_promotes_the_primary",
            well(control_after_right=Control(PRIMARY, 2)),
            "epoch 2",
        ),
        ("the_right_sentence_promotes_the_primary", well(right=ended("already_active")), "already"),
        ("the_primary_takes_the_writes", well(led_to=SECONDARY), "led to us-east-2"),
        ("the_primary_takes_the_writes", well(writes=[LOST]), "0 of 0"),
        (
            "the_primary_takes_the_writes",
            well(writes=[write(2, 12.0, PRIMARY), write(4, 13.0, SECONDARY)]),
            "1 of 2",
        ),
        (
            "the_returned_secondary_forwards",
            well(returned=[answered(21.0, SECONDARY)]),
            "forwarded 0",
        ),
        (
            "the_returned_secondary_forwards",
            well(returned=[answered(26.0, SECONDARY), answered(27.0, PRIMARY, SECONDARY)]),
            "for 6.0 s",
        ),
        (
            "a_planned_move_is_refused_until_reconciled",
            well(refused_move=ended("switched_over")),
            "SUCCEEDED",
        ),
        (
            "a_planned_move_is_refused_until_reconciled",
            well(refused_move=failed("RecoveryFailed", "something else")),
            "something else",
        ),
        (
            "the_ledger_holds_what_was_lost_and_nothing_else",
            well(ledger=[entry("write-3", "lost")]),
            "it says nothing",
        ),
        (
            "the_ledger_holds_what_was_lost_and_nothing_else",
            well(ledger=[entry("write-1", "lost"), entry("write-0", "late")]),
            "2 entries, 1 of them of writes that are there",
        ),
        ("the_ledger_holds_what_was_lost_and_nothing_else", well(complete=False), "2 entries"),
        ("the_ledger_holds_what_was_lost_and_nothing_else", well(open_after=1), "at the end: 1"),
        (
            "the_ledger_holds_what_was_lost_and_nothing_else",
            well(replaced_text="of the last moment"),
            "of the last moment",
        ),
        ("reconciled_all_works_again", well(rehearsal=ended("held")), "rehearsal: held"),
        ("reconciled_all_works_again", well(recorded=None), "record: none"),
        ("reconciled_all_works_again", well(moved_again=ended("refused")), "move: refused"),
        ("reconciled_all_works_again", well(control_finally=Control(PRIMARY, 3)), "switched_over"),
        ("no_acknowledged_write_is_lost", well(ledger=[]), "and 2 are lost"),
        ("no_acknowledged_write_is_lost", well(written=frozenset()), "and 4 are lost"),
        ("no_acknowledged_write_is_lost", well(written=None), "not known"),
    ],
)
def test_each_check_fails_where_something_else_was_seen(
    check: str, seen: BreakGlass, why: str
) -> None:
    (found,) = [c for c in checks(seen) if c.name == check]
    assert not found.passed
    assert why in found.detail


def test_every_acknowledged_write_is_counted_once() -> None:
    found = fate(well())
    assert found is not None
    assert (found.acknowledged, found.present, found.ledger, found.lost) == (6, 4, 2, 0)


def test_writes_of_both_regions_at_once_are_counted() -> None:
    seen = well()
    assert (len(seen.two_writers), seen.two_writers_seconds) == (1, 1.0)


@pytest.mark.parametrize(("seen", "verdict"), [(well(), "PASS"), (well(complete=False), "FAIL")])
def test_the_command_says_so_and_writes_it_down(
    seen: BreakGlass, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, given = StringIO(), list[Any]()

    class Lab:
        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            given.append("ended")

    def own_lab(*asked: Any) -> Lab:
        given.append(asked[2:])
        return Lab()

    course = type("Course", (), {"__init__": lambda *_: None, "run": lambda _self: seen})
    monkeypatch.setattr(command, "own_lab", own_lab)
    monkeypatch.setattr(command, "Course", course)
    monkeypatch.setattr(command, "console", Console(file=screen, width=300))
    assert command.run_break_glass(CONFIG, tmp_path / "new") is (verdict == "PASS")
    assert screen.getvalue().strip().endswith(verdict)
    assert "Of 6 acknowledged writes 4 are present, 2 are in the ledger" in screen.getvalue()
    written = json.loads((tmp_path / "new" / "break-glass.json").read_text())
    assert written["verdict"] == verdict.lower()
    assert (written["acknowledged_writes"], written["lost_writes"]) == (6, 0)
    assert given == [("CooldownSeconds=0",), "ended"]
