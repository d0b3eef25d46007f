"""What a drill of an application shows at its level, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lab.drill.application.checks import checks, recovery_seconds, verdict
from lab.drill.application.conformance import Finding
from tests.unit.lab.drill.application.seen import UNPROVEN, call, drill, run
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY

if TYPE_CHECKING:
    from lab.drill.application.scenario import Observed

CONFORMS, REHEARSED, PROMOTED = "conforms to its contract", "rehearsed", "promoted by itself"
READS, WRITES, BACK = "users read again", "users write again", "failed back"
HONEST = "claims no more than it saw"
RETURNED = "the returned Primary took no write"
VANISHED = "no acknowledged write vanished"
ROUTED = [CONFORMS, REHEARSED, PROMOTED, READS, WRITES, BACK, HONEST]
NAMES = {0: ROUTED, 1: [*ROUTED, RETURNED], 2: [*ROUTED, RETURNED, VANISHED]}
UNMET = Finding(1, "writes", False, "It answered 200", "Ask the fence.")
TAKEN = [call(20, 503), call(21, 200)]


def found(seen: Observed) -> dict[str, dict[str, Any]]:
    return {c["name"]: c for c in checks(seen)}


def failed(seen: Observed) -> list[str]:
    return [c["name"] for c in checks(seen) if not c["passed"]]


@pytest.mark.parametrize("level", NAMES)
def test_a_drill_in_which_all_went_well_passes_at_each_level(level: int) -> None:
    assert list(found(drill(level))) == NAMES[level]
    assert failed(drill(level)) == []
    assert all(c["detail"] for c in checks(drill(level)))


# What was observed otherwise, and the check that it fails, at every level.
OTHERWISE: list[tuple[dict[str, Any], str]] = [
    ({"conformance": []}, CONFORMS),
    ({"conformance": [Finding(0, "health", True, "200"), UNMET]}, CONFORMS),
    ({"rehearsal": None}, REHEARSED),
    ({"rehearsal": run(verdict="FAIL")}, REHEARSED),
    ({"rehearsal": run()}, REHEARSED),
    ({"failover": None}, PROMOTED),
    ({"failover": run(outcome="held")}, PROMOTED),
    ({"leads_to": PRIMARY}, PROMOTED),
    ({"leads_to": None}, PROMOTED),
    ({"calls": [call(1, 0), call(2)]}, READS),
    ({"calls": [call(1, 0), call(2), call(0.5, kind="read")]}, READS),
    ({"calls": [call(1, 0), call(2, kind="read")]}, WRITES),
    ({"calls": [call(1, 0), call(2, 503), call(2, kind="read")]}, WRITES),
    ({"calls": [call(-1), call(1, kind="read")]}, WRITES),
    ({"failback": None}, BACK),
    ({"failback": run(outcome="refused")}, BACK),
    ({"failback_message": ""}, HONEST),
    ({"ledger": ""}, HONEST),
]


@pytest.mark.parametrize("level", NAMES)
@pytest.mark.parametrize(("otherwise", "check"), OTHERWISE)
def test_what_is_not_met_fails_its_own_check(
    level: int, otherwise: dict[str, Any], check: str
) -> None:
    assert failed(drill(level, **otherwise)) == [check]


def test_users_who_were_never_asked_were_not_served_again() -> None:
    assert failed(drill(0, calls=[])) == [READS, WRITES]


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    "claims", [{"failback_message": "Moved. All 9 writes were compared."}, {"ledger": "ok"}]
)
def test_below_level_2_a_move_that_says_more_than_unproven_claims_too_much(
    level: int, claims: dict[str, str]
) -> None:
    assert failed(drill(level, **claims)) == [HONEST]


@pytest.mark.parametrize("changed", [{"failback_message": UNPROVEN}, {"ledger": "unknown"}])
def test_at_level_2_a_move_has_to_be_proven(changed: dict[str, str]) -> None:
    assert failed(drill(2, **changed)) == [HONEST]


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("returned", [TAKEN, [], [call(20, 0), call(21, 0)]])
def test_from_level_1_on_the_returned_primary_must_have_been_asked_and_take_no_write(
    level: int, returned: list[Any]
) -> None:
    assert failed(drill(level, returned=returned)) == [RETURNED]


def test_what_became_of_the_writes_to_the_returned_primary_is_counted() -> None:
    writes = [*TAKEN, call(22, 201, forwarded=True), call(23, 0), call(24, 409)]
    assert found(drill(1, returned=writes))[RETURNED]["detail"] == (
        "Of 5 writes it refused 2, forwarded 1, took 1 and left 1 without an answer."
    )


@pytest.mark.parametrize("held", [{}, {"i-0.5": False}])
def test_at_level_2_a_write_that_never_arrives_has_vanished(held: dict[str, bool]) -> None:
    seen = drill(2, held_before_failback=held)
    assert failed(seen) == [VANISHED]
    assert found(seen)[VANISHED]["detail"] == (
        "2 acknowledged, 1 arrived late or not at all. 1 vanished: i-0.5."
    )


def test_at_level_2_there_have_to_be_acknowledged_writes() -> None:
    assert failed(drill(2, read_back={}, held_before_failback={})) == [VANISHED]


def test_what_does_not_conform_is_told_with_its_remedy() -> None:
    detail = found(drill(1, conformance=[UNMET, UNMET]))[CONFORMS]["detail"]
    assert detail == "; ".join(["writes: It answered 200. Ask the fence."] * 2)


# --- Seconds --------------------------------------------------------------------------------------
def test_recovery_runs_from_the_first_failed_request_to_the_end_of_the_first_good_one() -> None:
    seen = drill(0)
    assert recovery_seconds(seen, "read") == pytest.approx(7.1)
    assert recovery_seconds(seen, "write") == pytest.approx(9.0)
    detail = found(seen)[WRITES]["detail"]
    assert detail == "First good write 9.0 s after the first failed request, in the lab."


def test_what_failed_before_the_outage_does_not_count() -> None:
    seen = drill(0)
    seen.calls.insert(0, call(-2, 500))
    assert recovery_seconds(seen, "read") == pytest.approx(7.1)


def test_users_who_noticed_nothing_are_not_said_to_have_failed() -> None:
    seen = drill(0, calls=[call(1), call(1, kind="read")])
    assert recovery_seconds(seen, "read") == 0.0
    assert found(seen)[READS]["detail"] == "No request failed."


# --- The verdict ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("level", "said"),
    [
        (0, "Level 0, routed. Not shown: a single writer, and that no write was lost."),
        (1, "Level 1, fenced. Not shown: that no write was lost: there is no journal to compare."),
        (2, "Level 2, journaled. Not shown: protection against deletion and corruption."),
    ],
)
def test_the_verdict_says_what_its_level_does_not_show(level: int, said: str) -> None:
    assert verdict(drill(level)) == (
        f"Of 2 writes that were acknowledged until then, 1 could not be read in {SECONDARY} after "
        f"the promotion. {said}"
    )


def test_at_level_0_two_writers_fail_no_check_and_are_said() -> None:
    seen = drill(0, returned=[*TAKEN, call(22, 201)])
    assert failed(seen) == []
    assert f"The returned {PRIMARY} took 2 writes: two Regions took writes." in verdict(seen)


def test_a_write_that_was_refused_or_forwarded_makes_no_second_writer() -> None:
    seen = drill(0)
    assert "two Regions" not in verdict(seen)
    seen.returned = [replace(c, forwarded=True) for c in TAKEN]
    assert "two Regions" not in verdict(seen)
