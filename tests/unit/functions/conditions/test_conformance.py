"""The condition of a rehearsal that the application does what its level declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pilotlight.conditions.conformance import conforms_to_level

from tests.unit.functions.failover.decision_cases import FAILED_STEP, conformance

if TYPE_CHECKING:
    from pilotlight.conditions.condition import Condition


def judged(level: int, found: Any) -> Condition:
    (condition,) = conforms_to_level(level, found)
    assert (condition.name, condition.required) == ("conforms_to_level", True)
    return condition


def test_a_routed_application_promises_nothing_to_try() -> None:
    assert conforms_to_level(0, {}) == []


@pytest.mark.parametrize(("level", "detail"), [(1, "fence: seen ok."), (2, "journal: seen ok.")])
def test_what_was_tried_and_met_is_said(level: int, detail: str) -> None:
    found = judged(level, conformance())
    assert (found.met, found.observed, detail in found.detail) == (True, True, True)


def test_a_fenced_application_needs_no_journal() -> None:
    assert judged(1, conformance(journal="failed")).met
    assert not judged(2, conformance(journal="failed")).met


@pytest.mark.parametrize("name", ["fence", "journal"])
def test_what_was_seen_not_to_be_met_is_observed_and_what_was_not_seen_is_not(name: str) -> None:
    failed, unknown = (judged(2, conformance(**{name: s})) for s in ("failed", "unknown"))
    assert (failed.met, failed.observed) == (False, True)
    assert (unknown.met, unknown.observed) == (False, False)


def test_one_that_failed_counts_beside_one_that_was_not_seen() -> None:
    assert judged(2, conformance(fence="unknown", journal="failed")).observed


@pytest.mark.parametrize("found", [{}, FAILED_STEP, {"checks": []}, {"checks": "ok"}])
def test_what_is_missing_is_no_consent(found: Any) -> None:
    condition = judged(2, found)
    assert (condition.met, condition.observed) == (False, False)


def test_what_was_not_tried_is_named() -> None:
    found = {"checks": conformance()["checks"][:1]}
    condition = judged(2, found)
    assert condition.detail == "fence: seen ok. journal: it was not tried."
    assert (condition.met, condition.observed) == (False, False)
