"""What holds for every evidence of a planned move: what was not seen is unmet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, strategies as st

from tests.unit.functions.switchover.move_cases import (
    FAILBACK,
    MOVES,
    PRIMARY,
    SECONDARY,
    SWITCHOVER,
    Path,
    container,
    decided,
    spoiled,
    whole,
    without,
)

if TYPE_CHECKING:
    from pilotlight.switchover.decision import Move

MOVE = st.sampled_from([SWITCHOVER, FAILBACK])
# Numbers are left out: in the place of an age, one may well be as good as another.
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.sampled_from(["", "ok", "true", "200"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["ok", "verdict", "error", "open"]), inner, max_size=3),
    ),
    max_leaves=6,
)
PATHS: list[Path] = [
    ("preflight",),
    ("preflight", "probes"),
    ("preflight", "probes", 1, "ok"),
    ("preflight", "beacon"),
    ("preflight", "health"),
    ("preflight", "health", PRIMARY),
    ("preflight", "health", SECONDARY),
    ("preflight", "health", PRIMARY, "release"),
    ("preflight", "health", SECONDARY, "release"),
    ("preflight", "replication"),
    ("preflight", "replication", "to_target"),
    ("preflight", "replication", "to_source", "age_seconds"),
    ("preflight", "sentinel"),
    ("preflight", "sentinel", "observed_at"),
    ("preflight", "sentinel", "healthy_since"),
    ("readiness",),
    ("readiness", "verdict"),
    ("readiness", "checks"),
    ("readiness", "checks", 0, "ok"),
    ("watermark",),
    ("watermark", "caught_up"),
]
LEDGER: list[Path] = [("ledger",), ("ledger", "open"), ("ledger", "complete")]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_evidence_that_lacks_a_piece_never_begins_a_move(path: Path, move: Move) -> None:
    assert decided(without(path), move).action == "refuse"


@pytest.mark.parametrize("path", LEDGER, ids=lambda path: ".".join(map(str, path)))
def test_a_ledger_that_lacks_a_piece_never_begins_a_failback(path: Path) -> None:
    assert decided(without(path), FAILBACK).action == "refuse"


@given(st.sampled_from(PATHS), JUNK, MOVE)
def test_evidence_with_a_garbled_piece_never_begins_a_move(
    path: Path, junk: Any, move: Move
) -> None:
    assume(junk is not container(whole(), path)[path[-1]])
    assert decided(spoiled((path, junk)), move).action == "refuse"


@given(st.sampled_from(LEDGER), JUNK)
def test_a_garbled_ledger_never_begins_a_failback(path: Path, junk: Any) -> None:
    assume(junk is not container(whole(), path)[path[-1]])
    assert decided(spoiled((path, junk)), FAILBACK).action == "refuse"


@given(
    st.dictionaries(
        st.sampled_from(["preflight", "readiness", "warm", "watermark", "ledger"]), JUNK
    ),
    MOVE,
)
def test_junk_never_begins_a_move(found: dict[str, Any], move: Move) -> None:
    assert decided(found, move).action == "refuse"


@given(st.dictionaries(st.sampled_from(PATHS + LEDGER), JUNK, max_size=4), MOVE)
def test_a_decision_agrees_with_its_conditions_and_names_what_is_unmet(
    changes: dict[Path, Any], move: Move
) -> None:
    found = decided(_spoiled_where_possible(changes), move)
    assert (found.action == "proceed") is all(c.met for c in found.conditions if c.required)
    assert found.unmet == [c.name for c in found.conditions if c.required and not c.met]
    for condition in found.conditions:
        if condition.name in found.unmet:
            assert f"{condition.name}: {condition.detail}" in found.summary


def _spoiled_where_possible(changes: dict[Path, Any]) -> dict[str, Any]:
    """Spoil the deepest places first, so that none is looked for in what is spoiled already."""
    deepest_first = sorted(changes.items(), key=lambda change: -len(change[0]))
    return spoiled(*deepest_first)
