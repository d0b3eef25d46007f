"""Which acknowledged writes the Secondary lacked at the promotion, and how old the oldest was."""

from __future__ import annotations

import pytest

from lab.drill.outage.recovery import missing, rpo
from tests.unit.lab.drill.samples import execution, passing, unrecovered, write
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY


def test_a_write_that_had_not_crossed_is_missing() -> None:
    assert [w.item_id for w in missing(passing())] == ["run-2"]


def test_a_write_that_a_primary_took_after_the_outage_and_before_the_claim_may_be_missing() -> None:
    seen = passing(writes=[write(9, 0.1, PRIMARY), write(8, 17.5, SECONDARY)])
    assert [w.item_id for w in missing(seen)] == ["run-9"]
    assert rpo(seen) == 0, "it is younger than the outage"


def test_a_write_after_the_claim_is_none_of_the_outage() -> None:
    assert missing(passing(writes=[write(9, 16.0, PRIMARY), write(8, 17.5, SECONDARY)])) == []


def test_the_rpo_is_the_age_of_the_oldest_missing_write_at_the_outage() -> None:
    writes = [write(0, -3, PRIMARY), write(7, -0.4, PRIMARY), write(8, -0.9, PRIMARY)]
    assert rpo(passing(writes=writes)) == pytest.approx(0.9)


def test_the_rpo_is_zero_where_nothing_is_missing() -> None:
    assert rpo(passing(writes=[write(0, -3, PRIMARY)])) == 0


def test_without_a_promotion_there_is_no_rpo() -> None:
    assert rpo(unrecovered()) is None
    assert rpo(passing(executions=[execution(states=[])])) is None


def test_where_nobody_looked_what_the_secondary_holds_there_is_no_rpo() -> None:
    assert rpo(passing(held_after_promotion=None)) is None
