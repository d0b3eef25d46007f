"""From evidence to a decision: every outcome, and the reason of every condition."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.functions.failover.decision_cases import (
    DEADLINE,
    FAILED_STEP,
    NOW,
    check,
    confirm,
    cooldown,
    decided,
    evidence,
    ready,
    warm,
)

HEALTHY = confirm((True,) * 3, "healthy")
UNCLEAR = confirm((False,) * 3, "healthy")
UNREADY = ready(check("items_table"), check("endpoint", ok=False))
OVERRIDE = frozenset({"outage_confirmed"})
RESTS_ON_IT = {
    "confirm": "outage_confirmed",
    "readiness": "secondary_ready",
    "warm": "functions_warm",
}
# What the readiness step hands on of others, and a promotion does not need.
BY_WITNESSES = {"rpo_within_objective", "scheduled_readiness"}
REAL = pytest.mark.parametrize("mode", ["failover", "drill"])


@REAL
def test_a_confirmed_outage_and_a_ready_secondary_promote(mode: str) -> None:
    decision = decided(mode=mode)
    assert (decision.action, decision.unmet, decision.ended_by) == ("promote", [], None)


@REAL
def test_an_unready_secondary_holds(mode: str) -> None:
    decision = decided(evidence(readiness=UNREADY), mode=mode)
    assert (decision.action, decision.unmet) == ("hold", ["secondary_ready"])
    assert "endpoint (AccessDenied)" in decision.summary


def test_every_unmet_condition_is_named_at_once() -> None:
    decision = decided(evidence(confirm=UNCLEAR, readiness=UNREADY))
    assert decision.unmet == ["outage_confirmed", "secondary_ready"]
    assert all(name in decision.summary for name in decision.unmet)


@pytest.mark.parametrize("part", [warm(1), FAILED_STEP, {}, None, "cold"])
def test_cold_functions_are_told_and_do_not_veto(part: Any) -> None:
    decision = decided(evidence(warm=part))
    assert decision.action == "promote"
    condition = next(c for c in decision.conditions if c.name == "functions_warm")
    assert (condition.required, condition.met) == (False, False)


def test_a_failed_advisory_check_is_told_and_does_not_veto() -> None:
    readiness = ready(check("items_table"), check("certificate", required=False, ok=False))
    decision = decided(evidence(readiness=readiness))
    assert decision.action == "promote"
    detail = next(c.detail for c in decision.conditions if c.name == "secondary_ready")
    assert "certificate (AccessDenied)" in detail
    assert "Not ready" not in detail, "a condition that is met may not read as if it were not"


# --- the end of a hold ---------------------------------------------------------------------------
@REAL
def test_a_healthy_primary_ends_the_hold_whatever_the_secondary(mode: str) -> None:
    for readiness in (ready(), UNREADY, FAILED_STEP):
        decision = decided(evidence(confirm=HEALTHY, readiness=readiness), mode=mode)
        assert (decision.action, decision.ended_by) == ("end_hold", "primary_healthy")


@pytest.mark.parametrize(
    ("held_for", "action"),
    [
        (timedelta(0), "hold"),
        (DEADLINE - timedelta(milliseconds=1), "hold"),
        (DEADLINE, "end_hold"),
        (DEADLINE + timedelta(days=1), "end_hold"),
    ],
)
def test_a_hold_lasts_until_its_deadline(held_for: timedelta, action: str) -> None:
    decision = decided(evidence(readiness=UNREADY), hold_started_at=NOW - held_for)
    assert decision.action == action
    assert decision.ended_by == ("deadline" if action == "end_hold" else None)
    assert "secondary_ready" in decision.summary


def test_a_promotion_is_not_too_late_after_the_deadline() -> None:
    assert decided(hold_started_at=NOW - 2 * DEADLINE).action == "promote"


def test_a_clock_that_went_back_does_not_end_a_hold() -> None:
    decision = decided(evidence(readiness=UNREADY), hold_started_at=NOW + timedelta(hours=5))
    assert decision.action == "hold"


# --- the override --------------------------------------------------------------------------------
@pytest.mark.parametrize("part", [UNCLEAR, HEALTHY, FAILED_STEP, {}, None])
def test_a_person_may_answer_for_the_outage(part: Any) -> None:
    decision = decided(evidence(confirm=part), overridden=OVERRIDE)
    assert decision.action == "promote"
    assert "Overridden: a person confirms the outage." in decision.summary
    condition = next(c for c in decision.conditions if c.name == "outage_confirmed")
    assert (condition.required, condition.met) == (False, False)


@pytest.mark.parametrize("part", [UNREADY, FAILED_STEP, {}, None])
def test_nobody_can_answer_for_an_unready_secondary(part: Any) -> None:
    overridden = frozenset({"outage_confirmed", "secondary_ready"})
    assert decided(evidence(readiness=part), overridden=overridden).action == "hold"


def test_an_override_keeps_waiting_while_the_primary_is_healthy() -> None:
    given = evidence(confirm=HEALTHY, readiness=UNREADY)
    assert decided(given, overridden=OVERRIDE).action == "hold"


def test_without_an_override_nobody_answers() -> None:
    assert "person" not in decided().summary


# --- rehearsals ----------------------------------------------------------------------------------
@pytest.mark.parametrize("part", [HEALTHY, UNCLEAR, confirm(), FAILED_STEP, None])
def test_a_rehearsal_needs_no_outage(part: Any) -> None:
    decision = decided(evidence(confirm=part), mode="rehearsal")
    assert (decision.action, decision.ended_by) == ("rehearse", None)


@pytest.mark.parametrize("part", [UNREADY, FAILED_STEP, {}, None])
def test_a_rehearsal_never_waits(part: Any) -> None:
    decision = decided(evidence(readiness=part), mode="rehearsal")
    assert (decision.action, decision.ended_by) == ("end_hold", "rehearsal")


@pytest.mark.parametrize("overridden", [frozenset(), OVERRIDE])
def test_a_rehearsal_never_promotes(overridden: frozenset[str]) -> None:
    for confirmed in (HEALTHY, UNCLEAR, confirm()):
        given = evidence(confirm=confirmed)
        decision = decided(given, mode="rehearsal", overridden=overridden)
        assert decision.action == "rehearse"


@pytest.mark.parametrize("mode", ["", "nonsense", "Failover", None])
def test_a_mode_that_nobody_knows_is_an_error_that_names_it(mode: Any) -> None:
    with pytest.raises(ValueError, match=repr(mode)):
        decided(mode=mode)


# --- reasons -------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["confirm", "readiness", "warm"])
@pytest.mark.parametrize("part", [FAILED_STEP, None, {}, [], "yes", True, 1])
def test_a_step_that_failed_or_gave_no_evidence_is_the_reason(name: str, part: Any) -> None:
    decision = decided(evidence(**{name: part}))
    details = {c.name: c.detail for c in decision.conditions if not c.met}
    failed = "The step failed: States.Timeout: the step took too long"
    assert details[RESTS_ON_IT[name]] == (
        failed if part == FAILED_STEP else "There is no evidence."
    )
    assert set(details) - BY_WITNESSES == {RESTS_ON_IT[name]}


@pytest.mark.parametrize("error", ["boom", "", 0, False, [], {}])
def test_an_error_in_whatever_form_leaves_its_condition_unmet(error: Any) -> None:
    given = evidence(confirm={**confirm(), "error": error}, readiness={**ready(), "error": error})
    decision = decided(given)
    assert (decision.action, decision.unmet) == ("hold", ["outage_confirmed", "secondary_ready"])


def test_the_details_say_what_was_seen() -> None:
    decision = decided(evidence(confirm=confirm((True, False, False), "unhealthy"), warm=warm(2)))
    assert [c.detail for c in decision.conditions] == [
        "1 of 3 own probes of the Primary succeeded, the beacon is unhealthy.",
        "2 checks passed.",
        "At the first failed probe (by the sentinel) the oldest of the newest heartbeats held here "
        "was 1.5 s old. The objective is 120 s, the policy promote.",
        "No claim was made within the cooldown.",
        "2 of 3 execution environments are proven, in 1 of 1 functions (app:live: 2 of 3).",
        "The scheduled verdict, 0 s old, is ready: no findings.",
    ]
    assert all(c.observed for c in decision.conditions)


def test_the_state_machine_keeps_the_whole_decision() -> None:
    decision = decided(evidence(confirm=UNCLEAR))
    kept = json.loads(json.dumps(decision.as_dict()))
    told = {"action", "conditions", "unmet", "summary", "ended_by", "rpo_estimate", "awaits_beacon"}
    told |= {"verdict"}
    assert set(kept) == told
    assert kept["rpo_estimate"]["seconds"] == 1.5
    assert kept["unmet"] == ["outage_confirmed"]
    assert kept["conditions"][1]["name"] == "secondary_ready"


# --- the cooldown ---------------------------------------------------------------------------------
@REAL
def test_a_confirmed_outage_waits_for_the_end_of_the_cooldown(mode: str) -> None:
    decision = decided(mode=mode, cooldown=cooldown(300))
    assert (decision.action, decision.unmet) == ("hold", ["cooldown_over"])
    assert "the cooldown ends in 300 s" in decision.summary
    assert not decision.awaits_beacon, "people are told at once"
    assert decided(mode=mode, cooldown=cooldown(0)).action == "promote"


def test_an_outage_that_the_beacon_may_yet_confirm_tells_nobody_in_the_cooldown_either() -> None:
    assert decided(evidence(confirm=UNCLEAR), cooldown=cooldown(300)).awaits_beacon


def test_a_person_may_answer_for_moving_again_so_soon() -> None:
    decision = decided(cooldown=cooldown(300), overridden=frozenset({"cooldown_over"}))
    assert decision.action == "promote"
    assert "Overridden: a person accepts moving again so soon." in decision.summary


def test_a_cooldown_holds_up_no_rehearsal() -> None:
    decision = decided(mode="rehearsal", cooldown=cooldown(300))
    assert (decision.action, decision.verdict) == ("rehearse", "PASS")


def test_a_cooldown_that_ends_later_than_any_can_is_not_believed() -> None:
    assert decided(cooldown=cooldown(960)).action == "hold"
    assert decided(cooldown=cooldown(961)).action == "promote"
