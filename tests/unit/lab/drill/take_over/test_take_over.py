"""The checks of a take-over, and what its command tells."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from lab.drill.checks import run_checks
from lab.drill.failback.checks import MEANWHILE
from lab.drill.observations import ControlItem, ControlRead, Notification, Request, WriteByName
from lab.drill.report.stages import gap, wall_seconds
from lab.drill.take_over import command
from lab.drill.take_over.checks import CHECKS, TakeOver
from tests.unit.lab.drill.samples import OUTAGE, entry, execution, states, write
from tests.unit.lab.engine.fakes import CONFIG, PRIMARY, SECONDARY

if TYPE_CHECKING:
    from pathlib import Path

LOST = write(1, -0.1, SECONDARY, 2)


def failed(error: str, cause: str) -> Any:
    return execution(status="FAILED", output={"error": error, "cause": cause})


def ended(outcome: str) -> Any:
    return execution(output={"outcome": outcome, "summary": "well"})


def request(started: float, *, good: bool, kind: Any = "write") -> Request:
    return Request(kind, OUTAGE + started, OUTAGE + started + 0.1, good, PRIMARY, "said")


def answered(at: float, by: str, through: str | None = None, item: str = "r-1") -> WriteByName:
    ended, epoch = OUTAGE + at, 3 if by == PRIMARY else 2
    return WriteByName(
        201, by, through, ended, "", item, f"write-of-{item}", started=ended - 0.1, epoch=epoch
    )


def taken_over() -> Any:
    passed = {"Claim": (10.1, 10.2), "WaitOutLease": (10.2, 15.2), "Serve": (15.2, 15.3)}
    output = {"outcome": "taken_over", "summary": "well"}
    return execution(output=output, states=states(passed), started=OUTAGE + 10, ended=OUTAGE + 15.4)


def read(at: float, region: str, epoch: int, revision: int) -> ControlRead:
    found = ControlItem(region, epoch, revision)
    return ControlRead(OUTAGE + at, OUTAGE + at + 0.1, PRIMARY, found)


def well(**other: Any) -> TakeOver:
    """All went as the runbook says. Seconds from the loss: asked at 10, back at 20."""
    found = TakeOver(
        PRIMARY,
        SECONDARY,
        "app.pilotlight.example",
        outage=OUTAGE,
        requested_at=OUTAGE + 10,
        healed=OUTAGE + 20,
        control_before=ControlItem(SECONDARY, 2, 5),
        alarmed_at=OUTAGE + 8,
        loss_notifications=[Notification(OUTAGE + 8, "unknown", 'ALARM: "app-public-unreachable"')],
        wrong=failed("InvalidExecutionInput", 'Write "confirm": "MAKE …"'),
        control_after_wrong=ControlItem(SECONDARY, 2, 5),
        right=taken_over(),
        control_after_right=ControlItem(PRIMARY, 3, 7),
        notifications=[Notification(OUTAGE + 15.4, "taken_over", "us-west-2 took over by hand")],
        control_reads=[read(-1, SECONDARY, 2, 5), read(16, PRIMARY, 3, 7)],
        led_to=PRIMARY,
        overwritten=LOST,
        contested=write(3, 19.0, PRIMARY, 3),
        returned=[
            answered(21.0, PRIMARY, SECONDARY, item="r-0"),
            answered(23.5, PRIMARY, SECONDARY, item="r-1"),
        ],
        complete=True,
        ledger=[entry("write-1", "lost", status="accepted"), entry("write-3", "lost")],
        open_after=0,
        rehearsal=ended("rehearsed"),
        recorded=ended("switched_over"),
        moved_again=ended("switched_over"),
        control_finally=ControlItem(SECONDARY, 4, 9),
        written=frozenset({"write-0", "write-2", "write-of-r-0", "write-of-r-1"}),
        replaced_text=MEANWHILE,
        requests=[
            request(0.5, good=False, kind="read"),
            request(1.0, good=False),
            request(2.0, good=True, kind="read"),
            request(9.0, good=False),
            request(16.0, good=True),
        ],
        writes=[write(0, -5.0, SECONDARY, 2), LOST, write(2, 16.0, PRIMARY, 3)],
    )
    return replace(found, **other)


def test_all_pass_where_all_went_well() -> None:
    assert [f"{c.name}: {c.detail}" for c in run_checks(well(), CHECKS) if not c.passed] == []


def test_nothing_passes_where_nothing_was_seen() -> None:
    seen = TakeOver(PRIMARY, SECONDARY, "app.pilotlight.example")
    assert [c.name for c in run_checks(seen, CHECKS) if c.passed] == []


@pytest.mark.parametrize(
    ("check", "seen", "why"),
    [
        (
            "nobody_writes_without_the_secondary",
            well(requests=[request(1.0, good=True)]),
            "Of 1 writes 1 were taken",
        ),
        ("people_are_notified_of_the_loss", well(alarmed_at=None), "No alarm fired"),
        ("people_are_notified_of_the_loss", well(alarmed_at=OUTAGE + 11), "fired 11.0 s after"),
        ("people_are_notified_of_the_loss", well(loss_notifications=[]), "0 messages of it came"),
        (
            "a_wrong_sentence_changes_nothing",
            well(control_after_wrong=ControlItem(PRIMARY, 3, 7)),
            "us-west-2 is active in epoch 3",
        ),
        ("a_wrong_sentence_changes_nothing", well(wrong=ended("taken_over")), "SUCCEEDED"),
        ("a_wrong_sentence_changes_nothing", well(wrong=failed("Other", "-")), "Other"),
        (
            "the_right_sentence_makes_the_primary_active",
            well(control_after_right=ControlItem(PRIMARY, 2, 7)),
            "epoch 2",
        ),
        (
            "the_right_sentence_makes_the_primary_active",
            well(control_after_right=ControlItem(PRIMARY, 3, 6, "claimed")),
            "us-west-2 is claimed in epoch 3, revision 6",
        ),
        (
            "the_right_sentence_makes_the_primary_active",
            well(right=ended("already_active")),
            "already",
        ),
        ("people_were_notified", well(notifications=[]), "nothing"),
        ("the_primary_takes_the_writes", well(led_to=SECONDARY), "led to us-east-2"),
        ("the_primary_takes_the_writes", well(writes=[LOST]), "0 of 0"),
        (
            "the_primary_takes_the_writes",
            well(writes=[write(2, 16.0, PRIMARY, 3), write(4, 17.0, SECONDARY, 2)]),
            "1 of 2",
        ),
        (
            "the_returned_secondary_takes_no_write",
            well(returned=[answered(21.0, SECONDARY)]),
            "forwarded 0 for 0.0 s, and took 1",
        ),
        (
            "the_returned_secondary_takes_no_write",
            well(returned=[answered(26.0, SECONDARY), answered(27.0, PRIMARY, SECONDARY)]),
            "forwarded 1 for 0.0 s, and took 1",
        ),
        (
            "no_two_regions_acknowledge_writes_at_once",
            well(returned=[answered(26.0, SECONDARY), answered(27.0, PRIMARY, SECONDARY)]),
            "1 writes overlap",
        ),
        (
            "revisions_and_epochs_never_go_back",
            well(control_reads=[read(1, PRIMARY, 3, 7), read(2, SECONDARY, 2, 5)]),
            "1 of them were older",
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
        ("all_works_again", well(rehearsal=ended("held")), "rehearsal: held"),
        ("all_works_again", well(recorded=None), "record: none"),
        ("all_works_again", well(moved_again=ended("refused")), "move: refused"),
        ("all_works_again", well(control_finally=ControlItem(PRIMARY, 3, 7)), "switched_over"),
        ("no_acknowledged_write_is_lost", well(ledger=[]), "and 2 are lost"),
        ("no_acknowledged_write_is_lost", well(written=frozenset()), "and 4 are lost"),
        ("no_acknowledged_write_is_lost", well(written=None), "not read"),
    ],
)
def test_each_check_fails_where_something_else_was_seen(
    check: str, seen: TakeOver, why: str
) -> None:
    (found,) = [c for c in run_checks(seen, CHECKS) if c.name == check]
    assert not found.passed
    assert why in found.detail


def test_every_acknowledged_write_is_counted_once() -> None:
    found = well().fate
    assert found is not None
    assert (found.acknowledged, found.present, found.ledger, found.lost) == (6, 4, 2, 0)


def test_the_rto_is_told_for_reads_and_for_writes() -> None:
    def rto(seen: TakeOver) -> list[float | None]:
        return list(wall_seconds(gap(seen)).values())

    assert rto(well()) == [pytest.approx(1.6), pytest.approx(15.6)]
    assert rto(well(requests=[request(1.0, good=False)])) == [0.0, None], "no read failed"
    assert rto(well(requests=[])) == [None, None]


@pytest.mark.parametrize(("seen", "verdict"), [(well(), "PASS"), (well(complete=False), "FAIL")])
def test_the_command_says_so_and_writes_it_down(
    seen: TakeOver, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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

    scenario = type(
        "TakeOverScenario", (), {"__init__": lambda *_: None, "run": lambda _self: seen}
    )
    monkeypatch.setattr(command, "own_lab", own_lab)
    monkeypatch.setattr(command, "TakeOverScenario", scenario)
    monkeypatch.setattr(command, "console", Console(file=screen, width=300))
    assert command.run_take_over(CONFIG, tmp_path / "new") is (verdict == "PASS")
    assert f"{verdict}  RTO here" in screen.getvalue()
    assert "reads 1.6 s, writes 15.6 s" in screen.getvalue()
    assert "Of 6 acknowledged writes 4 are present, 2 are in the ledger" in screen.getvalue()
    written = json.loads((tmp_path / "new" / "take-over.json").read_text())
    assert written["verdict"] == verdict.lower()
    assert (written["acknowledged_writes"], written["lost_writes"]) == (6, 0)
    assert (written["returned"]["taken"], written["rto_write_wall_seconds"]) == (0, 15.6)
    assert written["alarmed_after_seconds"] == 8.0
    assert given == [(), "ended"]
