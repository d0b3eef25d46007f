"""Every state of the model holds what is to hold, and each rule taken out is missed."""

from __future__ import annotations

from dataclasses import fields

import pytest

from tests.protocol.model import Rules
from tests.protocol.runs import FIRST_LOOK, WORLDS, searches
from tests.protocol.search import Search, searched

FEWEST_STATES = 1_000_000


def test_no_state_of_a_small_pair_of_machines_breaks_an_invariant() -> None:
    found = searched(FIRST_LOOK, Rules())
    assert [f.broken for f in found] == [None] * len(FIRST_LOOK)
    assert min(f.states for f in found) > 10_000


@pytest.mark.long
def test_no_state_of_any_pair_of_machines_breaks_an_invariant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = searches()
    states, seconds = sum(f.states for f in found), sum(f.seconds for f in found)
    with capsys.disabled():
        print(f"\n{states:,} states of {len(found)} pairs of machines in {seconds:.1f} s")
    assert [f.broken for f in found] == [None] * len(WORLDS)
    assert states >= FEWEST_STATES


@pytest.mark.parametrize("rule", [f.name for f in fields(Rules)])
def test_without_a_rule_some_state_breaks_an_invariant(rule: str) -> None:
    assert searched((*FIRST_LOOK, *WORLDS), Rules().without(rule))[-1].broken


def test_what_is_broken_is_told_step_by_step() -> None:
    found = Search(WORLDS[1], Rules().without("third_age")).run(trace=True)
    assert found.broken
    assert "state='serving'" in found.trace[0]
    assert len(found.trace) > 5
