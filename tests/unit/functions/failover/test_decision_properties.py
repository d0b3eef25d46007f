"""What holds for every evidence: a missing value never reads as consent."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st

from tests.unit.functions.failover.decision_cases import (
    NOW,
    check,
    confirm,
    decided,
    evidence,
    ready,
    warm,
)

OVERRIDE = frozenset({"outage_confirmed"})
MODES = st.sampled_from(["failover", "rehearsal", "drill"])
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from(["", "ok", "true"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["ok", "verdict", "error", "name"]), inner, max_size=3),
    ),
    max_leaves=6,
)
OUTAGE_PATHS: list[tuple[Any, ...]] = [
    ("confirm",),
    ("confirm", "verdict"),
    ("confirm", "probes"),
    ("confirm", "probes", 0),
    ("confirm", "probes", 2, "ok"),
    ("confirm", "beacon"),
]
READY_PATHS: list[tuple[Any, ...]] = [
    ("readiness",),
    ("readiness", "verdict"),
    ("readiness", "checks"),
    ("readiness", "checks", 1),
    ("readiness", "checks", 0, "ok"),
]
PATHS = OUTAGE_PATHS + READY_PATHS


def without(path: tuple[Any, ...]) -> dict[str, Any]:
    found = evidence()
    del container(found, path)[path[-1]]
    return found


def container(found: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        found = found[step]
    return found


KEYS = [p for p in PATHS if isinstance(p[-1], str)]


@pytest.mark.parametrize("path", KEYS, ids=lambda path: ".".join(map(str, path)))
@pytest.mark.parametrize("mode", ["failover", "drill"])
def test_evidence_that_lacks_a_piece_never_promotes(path: tuple[Any, ...], mode: str) -> None:
    assert decided(without(path), mode=mode).action == "hold"


@pytest.mark.parametrize("path", [p for p in KEYS if p in READY_PATHS])
def test_readiness_that_lacks_a_piece_never_rehearses(path: tuple[Any, ...]) -> None:
    assert decided(without(path), mode="rehearsal").action == "end_hold"


@given(st.sampled_from(PATHS), JUNK)
def test_evidence_with_a_garbled_piece_never_promotes(path: tuple[Any, ...], junk: Any) -> None:
    found = copy.deepcopy(evidence())
    place = container(found, path)
    assume(junk is not place[path[-1]])
    place[path[-1]] = junk
    assert decided(found).action in ("hold", "end_hold")


@given(st.dictionaries(st.sampled_from(["confirm", "readiness", "warm"]), JUNK), MODES)
def test_junk_never_promotes_and_never_rehearses(found: dict[str, Any], mode: str) -> None:
    assert decided(found, mode=mode).action in ("hold", "end_hold")
    assert decided(found, mode=mode, overridden=OVERRIDE).action in ("hold", "end_hold")


def test_a_failed_check_that_does_not_say_whether_it_is_required_is_required() -> None:
    found = ready(check("items_table"), check("bucket", required=False, ok=False))
    del found["checks"][1]["required"]
    assert decided(evidence(readiness=found)).action == "hold"


@given(
    oks=st.lists(st.booleans(), max_size=4),
    beacon=st.sampled_from(["healthy", "unhealthy", "unknown"]),
    checks=st.lists(st.tuples(st.booleans(), st.booleans()), max_size=5),
    environments=st.integers(0, 3),
    mode=MODES,
    overridden=st.sampled_from([frozenset(), OVERRIDE]),
    held_for=st.one_of(st.none(), st.integers(0, 7200)),
)
def test_it_promotes_exactly_on_an_outage_or_a_persons_word_and_a_ready_secondary(
    oks: list[bool],
    beacon: str,
    checks: list[tuple[bool, bool]],
    environments: int,
    mode: str,
    overridden: frozenset[str],
    held_for: int | None,
) -> None:
    tried = [check(f"check{n}", required, ok) for n, (required, ok) in enumerate(checks)]
    readiness = ready(*tried) if tried else {"verdict": "not_ready", "checks": []}
    given_evidence = evidence(
        confirm=confirm(tuple(oks), beacon), readiness=readiness, warm=warm(environments)
    )
    since = None if held_for is None else NOW - timedelta(seconds=held_for)
    decision = decided(given_evidence, mode=mode, overridden=overridden, hold_started_at=since)

    outage = bool(oks) and not any(oks) and beacon == "unhealthy"
    able = any(required for required, _ in checks) and all(
        ok for required, ok in checks if required
    )
    wanted = mode != "rehearsal" and (outage or bool(overridden)) and able
    assert (decision.action == "promote") is wanted
    assert (decision.action == "rehearse") is (mode == "rehearsal" and able)
    assert (decision.action in ("promote", "rehearse")) is (not decision.unmet)
    assert (decision.ended_by is not None) is (decision.action == "end_hold")
    assert all(c.detail for c in decision.conditions)
