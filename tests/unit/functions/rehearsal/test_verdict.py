"""The verdict: what was seen to be wrong fails a rehearsal, what was not seen proves nothing."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from pilotlight.conditions.condition import Condition
from pilotlight.rehearsal.verdict import verdict

from tests.unit.functions.failover.decision_cases import (
    FAILED_STEP,
    check,
    confirm,
    conformance,
    decided,
    evidence,
    ready,
)

HEALTHY = confirm((True,) * 3, "healthy")
UNREADY = ready(check("items_table"), check("endpoint", ok=False))
NOT_SEEN = [FAILED_STEP, {}, None, "yes"]


def rehearsed(**parts: Any) -> tuple[str | None, str]:
    found = decided(evidence(**{"confirm": HEALTHY, **parts}), mode="rehearsal")
    return found.verdict, found.summary


def test_a_secondary_that_could_take_over_passes() -> None:
    seen = "conforms_to_level: fence: seen ok. journal: seen ok."
    assert rehearsed() == ("PASS", f"Every condition of a failover is met. {seen}")


def test_an_application_that_is_not_at_its_level_fails_the_rehearsal_and_holds_no_failover() -> (
    None
):
    found = {**ready(), "conformance": conformance(journal="failed")}
    judged_as, told = rehearsed(readiness=found)
    assert judged_as == "FAIL"
    assert told == (
        "The application is not what its contract declares. No failover holds for that. "
        "conforms_to_level: fence: seen ok. journal: seen failed."
    )
    assert decided(evidence(readiness=found)).action == "promote"


def test_a_level_that_could_not_be_tried_proves_nothing() -> None:
    found = {**ready(), "conformance": conformance(journal="unknown")}
    judged_as, told = rehearsed(readiness=found)
    assert judged_as == "INCONCLUSIVE"
    assert told.startswith("Nothing is proven. conforms_to_level: fence: seen ok.")


def test_a_failover_that_would_hold_is_told_before_the_level() -> None:
    judged_as, told = rehearsed(readiness={**UNREADY, "conformance": conformance(fence="failed")})
    assert judged_as == "FAIL"
    assert told.startswith("A failover would hold. secondary_ready: ")
    assert "conforms_to_level: fence: seen failed." in told


def test_a_check_that_failed_fails_the_rehearsal_and_is_named() -> None:
    judged_as, told = rehearsed(readiness=UNREADY)
    assert judged_as == "FAIL"
    assert told.startswith("A failover would hold. secondary_ready: Not ready: endpoint")


@pytest.mark.parametrize("part", NOT_SEEN)
@pytest.mark.parametrize(
    ("name", "condition"), [("readiness", "secondary_ready"), ("confirm", "outage_confirmed")]
)
def test_what_was_not_seen_proves_nothing_and_is_named(
    part: Any, name: str, condition: str
) -> None:
    judged_as, told = rehearsed(**{name: part})
    assert judged_as == "INCONCLUSIVE"
    assert told.startswith(f"Nothing is proven. {condition}: ")


@pytest.mark.parametrize("part", NOT_SEEN)
def test_what_was_seen_to_be_wrong_counts_whatever_else_was_not_seen(part: Any) -> None:
    assert rehearsed(readiness=UNREADY, confirm=part)[0] == "FAIL"


def test_a_beacon_that_does_not_answer_would_hold_a_failover() -> None:
    assert rehearsed(confirm=confirm((True,) * 3, "unknown"))[0] == "INCONCLUSIVE"


@pytest.mark.parametrize(
    "part", [confirm(), HEALTHY, confirm((True, False, True), "healthy"), confirm((False,) * 3)]
)
def test_whatever_the_primary_is_like_it_was_looked_at(part: Any) -> None:
    assert rehearsed(confirm=part)[0] == "PASS"


def test_evidence_without_probes_was_not_looked_at() -> None:
    assert rehearsed(confirm={**HEALTHY, "probes": []})[0] == "INCONCLUSIVE"
    assert rehearsed(confirm={**HEALTHY, "probes": [{"ok": "yes"}]})[0] == "INCONCLUSIVE"


def test_readiness_that_contradicts_itself_was_not_seen() -> None:
    assert rehearsed(readiness={**ready(), "verdict": "not_ready"})[0] == "INCONCLUSIVE"
    assert rehearsed(readiness={**ready(), "checks": []})[0] == "INCONCLUSIVE"
    assert rehearsed(readiness={**ready(), "checks": [{}]})[0] == "INCONCLUSIVE"


def test_what_is_optional_changes_no_verdict() -> None:
    assert rehearsed(warm=FAILED_STEP)[0] == "PASS"
    assert rehearsed(readiness={**ready(), "scheduled": {}, "replication": {}})[0] == "PASS"


@pytest.mark.parametrize("mode", ["failover", "drill"])
def test_only_a_rehearsal_has_a_verdict(mode: str) -> None:
    assert decided(mode=mode).verdict is None
    assert decided(evidence(readiness=None), mode=mode).verdict is None


@pytest.mark.parametrize("conditions", [[], [Condition("optional", False, True, "well")]])
def test_no_condition_at_all_proves_nothing(conditions: list[Condition]) -> None:
    assert verdict(conditions, frozenset())[0] == "INCONCLUSIVE"


def test_a_pass_needs_every_required_condition_met_and_seen() -> None:
    for met, observed in product((True, False), repeat=2):
        given = [
            Condition("a", True, met=True, detail=""),
            Condition("b", True, met, "", observed),
        ]
        expected = "PASS" if met and observed else "FAIL" if observed else "INCONCLUSIVE"
        assert verdict(given, frozenset())[0] == expected
