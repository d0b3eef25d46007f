"""The checks of a last resort, and what the report tells of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.drill.checks import run_checks
from lab.drill.last_resort import checks as last_resort
from lab.drill.last_resort.checks import LastResort, section
from lab.drill.observations import (
    ControlItem,
    Notification,
    Observations,
    Request,
    Write,
    WriteByName,
)
from lab.drill.outage.expectations import observed_result
from lab.drill.outage.staying import nothing_promoted
from lab.drill.report.report import report
from tests.unit.lab.drill.outage_samples import (
    HEALED,
    OUTAGE,
    PRIMARY,
    SECONDARY,
    held,
    request,
    stayed,
    write,
)

CHECKS = (*last_resort.CHECKS, nothing_promoted)
GAVE_UP = held(status="FAILED", output={"error": "RecoveryFailed"}, ended=OUTAGE + 15, states=[])


def by_name(at: float, *, took: bool = True) -> WriteByName:
    item, started = f"by-name-{at}", OUTAGE + at - 0.2
    return WriteByName(
        201 if took else 503, SECONDARY, None, OUTAGE + at, "", item, item, started, 1
    )


def forwarded(at: float) -> WriteByName:
    started = HEALED + at - 0.2
    return WriteByName(201, PRIMARY, SECONDARY, HEALED + at, "", "late", "late", started, 1)


def granted(**other: Any) -> LastResort:
    run = held("grant", output={"outcome": "last_resort", "summary": "It takes writes."})
    found = LastResort(
        requested=OUTAGE + 16,
        run=replace(run, ended=OUTAGE + 46),
        led_to=SECONDARY,
        by_name=[by_name(49)],
        authorities={"w-99": "last_resort", "by-name-49": "last_resort"},
        granted={"until": "9"},
        void_at=HEALED + 1,
        sent_afterwards=[forwarded(0.5), forwarded(2.0)],
        led_back_to=PRIMARY,
        complete=True,
        open_after=0,
        written=frozenset({"w-1", "w-99", "by-name-49", "late"}),
    )
    return replace(found, **other)


def lost_two(last: LastResort | None = None, **more: Any) -> Observations:
    """The Primary and the witness were lost at 0; a person let the Secondary write at 46."""
    failed = Request("write", OUTAGE + 1, OUTAGE + 1.1, False, None, "reset")
    given: dict[str, Any] = {
        "executions": [GAVE_UP],
        "requests": [request(OUTAGE - 1), failed, request(OUTAGE + 48, region=SECONDARY)],
        "writes": [write(1, OUTAGE - 1), write(99, OUTAGE + 48, SECONDARY)],
        "notifications": [
            Notification(OUTAGE + 11, "started", "started"),
            Notification(OUTAGE + 14, "failed", "failed", "Step: ReadControl. NoQuorum"),
            Notification(OUTAGE + 46, "last_resort", "writes without a quorum"),
        ],
        "last_resort": granted() if last is None else last,
    }
    return stayed("two-regions", **{**given, **more})


def _also_by_the_primary() -> list[Write]:
    """The Primary is not lost at all, and goes on while the last resort holds."""
    return [write(1, OUTAGE - 1), write(99, OUTAGE + 48, SECONDARY), write(2, OUTAGE + 48.5)]


def failing(seen: Observations) -> list[str]:
    return [c.name for c in run_checks(seen, CHECKS) if not c.passed]


def test_all_pass_where_all_went_well() -> None:
    found = report(lost_two())
    assert [c["name"] for c in found["checks"] if not c["passed"]] == []
    assert (found["verdict"], found["outage"]["result"]) == ("pass", "holds")
    assert "by a person's last resort us-east-2 took 1 writes" in found["outage"]["verdict"]


def test_nothing_passes_where_nothing_was_seen() -> None:
    seen = lost_two(LastResort(), executions=[], notifications=[], control_after=None, writes=[])
    assert failing(seen) == [check.__name__ for check in CHECKS]


@pytest.mark.parametrize(
    ("check", "seen"),
    [
        ("people_were_notified_that_nobody_can_claim", lost_two(notifications=[])),
        (
            "people_were_notified_that_nobody_can_claim",
            lost_two(executions=[replace(GAVE_UP, status="SUCCEEDED", output={"outcome": "x"})]),
        ),
        ("the_last_resort_was_granted", lost_two(granted(granted={}))),
        ("the_last_resort_was_granted", lost_two(granted(run=None))),
        ("the_secondary_took_marked_writes", lost_two(granted(by_name=[]))),
        (
            "the_secondary_took_marked_writes",
            lost_two(granted(by_name=[by_name(49), by_name(49.5, took=False)])),
        ),
        ("the_secondary_took_marked_writes", lost_two(granted(authorities={}))),
        (
            "no_two_regions_acknowledge_writes_at_once",
            lost_two(
                granted(authorities={"w-99": "last_resort", "by-name-49": "last_resort"}),
                writes=_also_by_the_primary(),
            ),
        ),
        (
            "no_two_regions_acknowledge_writes_at_once",
            lost_two(writes=[write(5, OUTAGE + 1, SECONDARY), write(1, OUTAGE + 3)]),
        ),
        ("users_write_by_the_last_resort", lost_two(writes=[write(1, OUTAGE - 1)])),
        ("dns_followed_the_last_resort", lost_two(granted(led_to=PRIMARY))),
        ("dns_followed_the_last_resort", lost_two(granted(led_back_to=SECONDARY))),
        ("the_last_resort_is_void_after_the_outage", lost_two(granted(void_at=None))),
        ("the_last_resort_is_void_after_the_outage", lost_two(granted(left={"until": "9"}))),
        (
            "the_last_resort_is_void_after_the_outage",
            lost_two(granted(sent_afterwards=[by_name(55), forwarded(7)])),
        ),
        ("the_last_resort_is_void_after_the_outage", lost_two(granted(sent_afterwards=[]))),
        ("nothing_promoted", lost_two(control_after=ControlItem(SECONDARY, 2, 3))),
        ("nothing_promoted", lost_two(recoveries=["recovery#2"])),
        ("no_acknowledged_write_is_lost", lost_two(granted(written=frozenset({"w-1"})))),
        ("no_acknowledged_write_is_lost", lost_two(granted(open_after=1))),
        ("no_acknowledged_write_is_lost", lost_two(granted(complete=False))),
    ],
)
def test_each_check_fails_where_something_else_was_seen(check: str, seen: Observations) -> None:
    assert check in failing(seen)


def test_the_primary_may_write_again_in_the_same_epoch_once_the_last_resort_has_ended() -> None:
    again = [*lost_two().writes, write(3, HEALED + 2), write(4, HEALED + 3)]
    found = granted(written=frozenset({"w-1", "w-3", "w-4", "w-99", "by-name-49", "late"}))
    assert failing(lost_two(found, writes=again)) == []


def test_a_write_that_the_ledger_names_is_not_lost() -> None:
    entry = {"write_id": "w-99", "kinds": ["lost"]}
    found = lost_two(granted(ledger=[entry], written=frozenset({"w-1", "late"}))).fate
    assert found is not None
    assert (found.acknowledged, found.ledger, found.lost) == (4, 1, 1)


def test_a_promotion_without_a_quorum_is_neither_a_hold_nor_a_recovery() -> None:
    assert observed_result(lost_two()) == "holds"
    assert observed_result(lost_two(control_after=ControlItem(SECONDARY, 2, 2, "claimed"))) is None


def test_the_report_tells_when_users_could_write_and_until_when_it_held() -> None:
    found = section(lost_two())
    assert found == {
        "outcome": "last_resort",
        "first_write_seconds": 32.0,
        "writes": 1,
        "void_after_seconds": 1.0,
    }
    assert section(stayed()) is None
