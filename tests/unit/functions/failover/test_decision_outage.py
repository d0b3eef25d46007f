"""Decisions on what probes, beacon and pulse say, and the first seconds of an outage."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.functions.failover.decision_cases import (
    FAILED_STEP,
    check,
    confirm,
    decided,
    evidence,
    ready,
)
from tests.unit.functions.failover.test_confirmation import TRUTH

ACTIONS = {"outage": "promote", "healthy": "end_hold", "unclear": "hold"}


@pytest.mark.parametrize(("witnesses", "verdict"), TRUTH.items())
def test_the_decision_follows_the_verdict(witnesses: Any, verdict: str) -> None:
    assert decided(evidence(confirm=confirm(*witnesses))).action == ACTIONS[verdict]


@pytest.mark.parametrize(("witnesses", "verdict"), TRUTH.items())
def test_a_claimed_outage_counts_only_with_witnesses_that_bear_it_out(
    witnesses: Any, verdict: str
) -> None:
    claimed = {**confirm(*witnesses), "verdict": "outage"}
    assert (decided(evidence(confirm=claimed)).action == "promote") == (verdict == "outage")


@pytest.mark.parametrize("still", [False, True])
@pytest.mark.parametrize("junk", [None, 0, 1, "false", "", [], {}])
def test_a_garbled_probe_or_beacon_never_promotes(junk: Any, still: bool) -> None:
    found = confirm(still=still)
    found["probes"][1]["ok"] = junk
    assert decided(evidence(confirm=found)).action == "hold"
    assert decided(evidence(confirm={**confirm(still=still), "beacon": junk})).action == "hold"


# --- the first seconds of an outage --------------------------------------------------------------
BEACON_LATE = confirm((False,) * 3, "healthy")


@pytest.mark.parametrize("beacon", ["healthy", "unknown"])
def test_failed_probes_wait_quietly_for_the_beacon_at_first(beacon: str) -> None:
    decision = decided(evidence(confirm=confirm((False,) * 3, beacon)))
    assert (decision.action, decision.awaits_beacon) == ("hold", True)


def test_a_beacon_that_does_not_follow_is_a_hold_like_any_other() -> None:
    awaits_beacon = [
        decided(evidence(confirm=BEACON_LATE), judgements_before=n).awaits_beacon for n in range(20)
    ]
    assert awaits_beacon == [True] * 6 + [False] * 14


@pytest.mark.parametrize(
    "given",
    [
        evidence(confirm=confirm((True,) * 3, "unhealthy")),
        evidence(confirm=confirm((True, False, False), "healthy")),
        evidence(confirm=confirm((), "healthy")),
        evidence(confirm=FAILED_STEP),
        evidence(confirm=BEACON_LATE, readiness=ready(check("items_table", ok=False))),
    ],
)
def test_no_other_hold_is_quiet(given: dict[str, Any]) -> None:
    decision = decided(given)
    assert (decision.action, decision.awaits_beacon) == ("hold", False)


def test_only_a_hold_is_quiet() -> None:
    assert not decided().awaits_beacon
    assert not decided(evidence(confirm=BEACON_LATE), mode="rehearsal").awaits_beacon
    assert not decided(evidence(confirm=confirm((True,) * 3, "healthy"))).awaits_beacon


# --- the pulse -----------------------------------------------------------------------------------
def test_failed_probes_and_a_still_pulse_promote_although_the_beacon_is_healthy() -> None:
    decision = decided(evidence(confirm=confirm((False,) * 3, "healthy", still=True)))
    assert decision.action == "promote"
    assert "It stands still." in decision.conditions[0].detail


@pytest.mark.parametrize("junk", [None, 0, 1, "yes", [], {}, {"still": "true"}, {"still": 1}])
def test_a_garbled_pulse_is_none_that_stands_still(junk: Any) -> None:
    found = {**confirm((False,) * 3, "healthy", still=True), "pulse": junk}
    assert decided(evidence(confirm=found)).action == "hold"


@pytest.mark.parametrize("well_at", [None, "", "-", 5, "2026-01-31T12:00:02.000Z"])
def test_a_primary_that_was_never_seen_well_is_not_failed_away_from(well_at: Any) -> None:
    """A first deployment has no Primary yet. A time from the future was stored by a fast clock."""
    readiness = ready()
    readiness["sentinel"]["well_at"] = well_at
    found = decided(evidence(readiness=readiness))
    assert (found.action, found.unmet) == ("hold", ["outage_confirmed"])
    assert "never seen the Primary well" in found.summary


def test_a_person_may_fail_away_from_a_primary_that_was_never_seen_well() -> None:
    readiness = ready()
    del readiness["sentinel"]["well_at"]
    found = decided(evidence(readiness=readiness), overridden=frozenset({"outage_confirmed"}))
    assert found.action == "promote"
