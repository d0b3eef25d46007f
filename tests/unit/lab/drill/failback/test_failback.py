"""The checks of the way back, and the figures of the planned move."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lab.drill.checks import run_checks
from lab.drill.failback.checks import CHECKS, refused_write_seconds
from lab.drill.observations import ControlItem, Request
from tests.unit.lab.drill.samples import OUTAGE, entry, execution, failback, passing, write
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY

if TYPE_CHECKING:
    from lab.drill.observations import Observations

LATE, LOST = entry("write-2"), entry("write-9", "late", "lost", status="replayed")


def back(**changes: Any) -> Observations:
    return passing(failback=failback(**changes))


def test_all_pass_where_all_went_well() -> None:
    assert [c.name for c in run_checks(passing(), CHECKS) if not c.passed] == []


def test_nothing_passes_where_nothing_was_seen() -> None:
    assert [c.name for c in run_checks(passing(failback=None), CHECKS) if c.passed] == []


@pytest.mark.parametrize(
    ("check", "seen", "why"),
    [
        ("ledger_holds_what_the_disaster_left", back(ledger=[LOST]), "the ledger holds 1, and 0"),
        (
            "ledger_holds_what_the_disaster_left",
            back(ledger=[LATE, LOST, entry("write-0")]),
            "holds 2, and 1 others",
        ),
        ("ledger_holds_what_the_disaster_left", back(complete=False), "holds 2, and 0"),
        ("ledger_holds_what_the_disaster_left", passing(journal_at_promotion=None), "not read"),
        ("overwritten_write_is_found", back(ledger=[LATE, entry("write-9")]), "has it as late"),
        ("overwritten_write_is_found", back(ledger=[LATE]), "has it as nothing"),
        ("overwritten_write_is_found", back(replaced_text="Written meanwhile"), "meanwhile"),
        ("overwritten_write_is_found", passing(overwritten=None), "No write was made"),
        ("failed_back", back(run=None), "was not started"),
        ("failed_back", back(control=ControlItem(SECONDARY, 2)), "switched_over"),
        ("failed_back", back(control=ControlItem(PRIMARY, 2)), "switched_over"),
        ("failed_back", back(control=None), "switched_over"),
        ("failed_back", back(open_after=1), "with 1 open"),
        (
            "failed_back",
            back(run=execution(output={"outcome": "refused", "summary": "Not healthy."})),
            "outcome refused, with 0 open entries of the ledger. Not healthy.",
        ),
        ("users_are_served_by_the_primary_again", back(leads_to=SECONDARY), "leads to us-east-2"),
        ("users_are_served_by_the_primary_again", back(served={SECONDARY: 3}), "3 by us-east-2"),
        ("users_are_served_by_the_primary_again", back(served={}), "taken: none"),
        (
            "no_acknowledged_write_is_lost",
            back(written=frozenset({"write-0", "write-1", "write-3", "write-4"})),
            "4 are present, 2 are in the ledger, and 1 are lost",
        ),
        ("no_acknowledged_write_is_lost", back(ledger=[LATE]), "and 1 are lost"),
        ("no_acknowledged_write_is_lost", back(written=None), "not read"),
        (
            "no_acknowledged_write_is_lost",
            replace(back(), writes=[], writes_to_the_returned=[]),
            "Of 0 acknowledged",
        ),
    ],
)
def test_a_check_fails_and_says_why(check: str, seen: Observations, why: str) -> None:
    found = next(c for c in run_checks(seen, CHECKS) if c.name == check)
    assert not found.passed
    assert why in found.detail


@pytest.mark.parametrize(("made", "passed"), [(14.2, True), (14.0, False), (-1.0, False)])
def test_what_was_under_way_at_the_promotion_may_be_in_the_ledger(
    made: float, passed: bool
) -> None:
    """The promotion was written 15.86 s after the outage; the lag is half a second."""
    at = {"write-7": OUTAGE + made}
    before = {**(passing().journal_at_promotion or {}), **at}
    after = {**(passing().journal_at_the_end or {}), **at}
    seen = back(ledger=[LATE, LOST, entry("write-7")])
    seen = replace(seen, journal_at_promotion=before, journal_at_the_end=after)
    found = next(c for c in run_checks(seen, CHECKS) if c.name.startswith("ledger_holds"))
    assert found.passed is passed


@pytest.mark.parametrize("there", [True, False])
def test_where_replication_went_on_the_overwritten_write_is_in_the_history(there: bool) -> None:
    seen = back(ledger=[LATE], written=frozenset({"write-9"} if there else {}))
    in_time = {**(seen.journal_at_promotion or {}), "write-9": OUTAGE - 0.02}
    seen = replace(seen, journal_at_promotion=in_time)
    found = next(c for c in run_checks(seen, CHECKS) if c.name == "overwritten_write_is_found")
    assert found.passed is there
    assert "arrived in time" in found.detail


def test_a_late_write_that_is_there_by_now_counts_as_one_of_the_ledger() -> None:
    found = back(written=frozenset(f"write-{n}" for n in range(10))).fate
    assert found is not None
    assert (found.acknowledged, found.present, found.ledger, found.lost) == (7, 5, 2, 0)


def test_a_write_acknowledged_twice_counts_once() -> None:
    seen = passing()
    found = replace(seen, writes=[*seen.writes, write(0, 1.0, PRIMARY)]).fate
    assert found is not None
    assert found.acknowledged == 7


def requests(*moments: tuple[float, float, bool]) -> list[Request]:
    return [
        Request("write", OUTAGE + start, OUTAGE + end, good, PRIMARY, "said")
        for start, end, good in moments
    ]


@pytest.mark.parametrize(
    ("moments", "seconds"),
    [
        ([(33, 33.1, True)], 0.0),
        ([(33, 33.1, False), (34, 34.2, True)], 1.2),
        ([(33, 33.1, False), (34, 34.2, True), (35, 35.1, False), (36, 36.5, True)], 3.5),
        ([(33, 33.1, False)], None),
        ([(10, 10.1, False), (33, 33.1, True)], 0.0),
    ],
)
def test_writes_are_refused_from_the_first_refusal_to_the_first_good_answer_after_the_last(
    moments: list[tuple[float, float, bool]], seconds: float | None
) -> None:
    found = refused_write_seconds(passing(requests=requests(*moments)))
    assert found == (None if seconds is None else pytest.approx(seconds))


def test_reads_do_not_count_as_refused_writes() -> None:
    read = Request("read", OUTAGE + 33, OUTAGE + 34, good=False, region=PRIMARY, answer="said")
    assert refused_write_seconds(passing(requests=[read])) == 0.0
