"""What an answer means, and what none means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given, strategies as st
from pilotlight.failover.approval import Policy, read

from tests.template.stacks import source

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
POLICIES = get_args(Policy)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["", "true", "yes"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("by"), inner),
    max_leaves=4,
)


def failed(error: str, cause: str = "because") -> dict[str, Any]:
    return {"error": {"Error": error, "Cause": cause}}


@pytest.mark.parametrize("unanswered", POLICIES)
def test_approved_true_goes_on_and_says_who_and_when(unanswered: Policy) -> None:
    found = read({"answer": {"approved": True, "by": "Ada"}}, unanswered=unanswered, now=NOW)
    assert (found.action, found.answer, found.by) == ("go", "approved", "Ada")
    assert found.detail == "Approved by Ada at 2026-01-31T12:00:00.000Z."
    assert found.ended_by is None


@pytest.mark.parametrize("unanswered", POLICIES)
def test_approved_false_ends_the_run_whatever_silence_means(unanswered: Policy) -> None:
    found = read({"answer": {"approved": False, "by": "Ada"}}, unanswered=unanswered, now=NOW)
    assert (found.action, found.answer, found.ended_by) == ("hold", "rejected", "rejected")
    assert found.detail.startswith("Rejected by Ada.")


@given(ANYTHING | st.fixed_dictionaries({"approved": ANYTHING}), st.sampled_from(POLICIES))
def test_nothing_but_true_is_consent(answer: Any, unanswered: Policy) -> None:
    found = read({"answer": answer}, unanswered=unanswered, now=NOW)
    consent = isinstance(answer, dict) and answer.get("approved") is True
    assert (found.action == "go") is consent


@pytest.mark.parametrize("response", [{}, {"answer": None}, {"error": "States.Timeout"}])
def test_an_answer_that_is_not_there_is_no_silence(response: dict[str, Any]) -> None:
    found = read(response, unanswered="go", now=NOW)
    assert (found.action, found.answer) == ("hold", "rejected")


def test_who_gives_no_name_is_told_of_so() -> None:
    found = read({"answer": {"approved": True}}, unanswered="hold", now=NOW)
    assert "Approved by somebody who gave no name at" in found.detail


@pytest.mark.parametrize(
    ("unanswered", "action", "ended_by"), [("go", "go", None), ("hold", "hold", "approval_expired")]
)
def test_silence_means_what_the_parameter_says(
    unanswered: Policy, action: str, ended_by: str | None
) -> None:
    found = read(failed("States.Timeout"), unanswered=unanswered, now=NOW)
    assert (found.action, found.answer, found.ended_by) == (action, "expired", ended_by)
    assert "Nobody answered in time" in found.detail
    assert f"Approval={unanswered}" in found.detail


@pytest.mark.parametrize(
    "error", ["SNS.AuthorizationErrorException", "States.QueryEvaluationError", "States.TaskFailed"]
)
def test_a_request_that_was_not_sent_is_silence_too_and_says_why(error: str) -> None:
    goes, holds = (read(failed(error), unanswered=p, now=NOW) for p in POLICIES)
    assert (goes.action, goes.answer, goes.ended_by) == ("go", "not_asked", None)
    assert (holds.action, holds.answer) == ("hold", "not_asked")
    assert holds.ended_by == "approval_not_asked"
    assert f"The request could not be sent ({error})" in goes.detail


@pytest.mark.parametrize("error", ["No", "", "SNSFoo", "Timeout"])
def test_a_failure_that_a_person_sends_is_a_rejection(error: str) -> None:
    found = read(failed(error, "not now"), unanswered="go", now=NOW)
    assert (found.action, found.ended_by) == ("hold", "rejected")
    assert f"Rejected: {error}: not now." in found.detail


def test_a_long_answer_stays_short_in_the_record() -> None:
    name = read({"answer": {"approved": True, "by": "x" * 9999}}, unanswered="go", now=NOW)
    cause = read(failed("No", "x" * 9999), unanswered="go", now=NOW)
    output = read({"answer": "x" * 9999}, unanswered="go", now=NOW)
    assert max(len(a.detail) for a in (name, cause, output)) < 400
    assert name.by == "x" * 200


def test_a_policy_that_nobody_knows_is_named() -> None:
    with pytest.raises(ValueError, match="'none' is none of go, hold"):
        read({"given": {"approved": True}}, unanswered="none", now=NOW)


def test_the_template_knows_the_policies_and_none() -> None:
    allowed = source()["Parameters"]["Approval"]["AllowedValues"]
    assert allowed == ["none", *POLICIES]
