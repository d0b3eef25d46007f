"""A failover, rehearsal or drill that a person starts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from pilotlight.failover.request import EXAMPLE, InvalidExecutionInput, Request, read
from pilotlight.shared.validation import violation

MODES = ("failover", "rehearsal", "drill")


SCHEDULED = {"mode": "rehearsal", "reason": "weekly rehearsal", "scheduled": True}


def taken(value: Any) -> Request:
    return read(
        value,
        validate=violation,
        alarm_arns=["arn:aws:cloudwatch:us-east-1:123456789012:alarm:x"],
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_and_a_reason_are_enough(mode: str) -> None:
    request = taken({"mode": mode, "reason": "quarterly check"})
    assert asdict(request) == {
        "disposition": "hand_over" if mode == "failover" else "accept",
        "mode": mode,
        "reason": "quarterly check",
        "trigger": "manual",
        "override": [],
        "alarm": None,
        "why": None,
        "outage": None,
    }


def test_a_person_may_answer_for_the_outage() -> None:
    request = taken({"mode": "failover", "reason": "x", "override": ["outage_confirmed"]})
    assert request.override == ["outage_confirmed"]


@pytest.mark.parametrize(
    ("more", "disposition"),
    [
        ({}, "hand_over"),
        ({"graceful": True}, "hand_over"),
        ({"graceful": False}, "accept"),
        ({"override": []}, "hand_over"),
        ({"override": ["outage_confirmed"]}, "accept"),
        ({"override": ["outage_confirmed"], "graceful": False}, "accept"),
    ],
)
def test_a_failover_by_hand_is_graceful_unless_it_says_or_implies_a_loss(
    more: dict[str, Any], disposition: str
) -> None:
    assert taken({"mode": "failover", "reason": "x", **more}).disposition == disposition


def test_a_graceful_failover_has_nothing_to_override() -> None:
    given = {"override": ["outage_confirmed"], "graceful": True}
    with pytest.raises(InvalidExecutionInput, match='"graceful": false'):
        taken({"mode": "failover", "reason": "x", **given})


@pytest.mark.parametrize("mode", ["rehearsal", "drill"])
def test_a_rehearsal_or_a_drill_is_never_graceful(mode: str) -> None:
    assert taken({"mode": mode, "reason": "x", "graceful": False}).disposition == "accept"
    with pytest.raises(InvalidExecutionInput, match="graceful"):
        taken({"mode": mode, "reason": "x", "graceful": True})


@pytest.mark.parametrize("missing", ["mode", "reason"])
def test_a_request_without_mode_or_reason_is_refused(missing: str) -> None:
    value = {"mode": "drill", "reason": "x"}
    del value[missing]
    with pytest.raises(InvalidExecutionInput, match=missing):
        taken(value)


SINCE = "2026-01-31T12:00:00Z"
INVALID = {
    "mode": ["switchover", "Failover", "", None, 1, ["failover"], {}, True],
    "reason": ["", None, 1, ["x"], "x" * 501],
    "graceful": ["false", 0, None, []],
    "scheduled": ["true", 1, None, "off"],
    "overide": [["outage_confirmed"]],
    "outage": [
        *({"first_failed_at": SINCE}, {"attempt": 1}, {"first_failed_at": SINCE, "attempt": 0}),
        {"first_failed_at": SINCE[1:], "attempt": 1},
        {"first_failed_at": SINCE, "attempt": 1, "more": 1},
    ],
    "override": [
        *(["secondary_ready"], ["functions_warm"], ["outage_confirmed", "secondary_ready"]),
        *(["outage_confirmed", "outage_confirmed"], [1], "outage_confirmed", True, None, {}),
    ],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n in INVALID for v in INVALID[n]])
def test_an_invalid_value_is_refused_and_named(name: str, value: Any) -> None:
    mode = "rehearsal" if name == "scheduled" else "failover"
    with pytest.raises(InvalidExecutionInput, match=name) as refusal:
        taken({"mode": mode, "reason": "x", name: value})
    assert EXAMPLE in str(refusal.value)


@pytest.mark.parametrize("value", [None, [], "failover", 1, True, [{"mode": "drill"}]])
def test_what_is_no_object_is_refused_by_its_type(value: Any) -> None:
    with pytest.raises(InvalidExecutionInput, match=f"not {type(value).__name__}"):
        taken(value)


def test_the_sentinel_s_request_names_the_outage_and_the_attempt() -> None:
    outage = {"first_failed_at": SINCE, "attempt": 1}
    request = taken({"mode": "failover", "reason": "x", "graceful": False, "outage": outage})
    assert (request.trigger, request.outage) == ("sentinel", outage)


# --- the schedule's rehearsal ---------------------------------------------------------------------
def test_the_schedule_s_rehearsal_says_who_started_it() -> None:
    request = taken(SCHEDULED)
    assert (request.disposition, request.trigger, request.why) == ("accept", "schedule", None)


@pytest.mark.parametrize("given", [{}, {"scheduled": False}])
def test_a_person_s_rehearsal_is_a_manual_one(given: dict[str, Any]) -> None:
    request = taken({"mode": "rehearsal", "reason": "x", **given})
    assert (request.disposition, request.trigger) == ("accept", "manual")


@pytest.mark.parametrize("mode", ["failover", "drill"])
def test_nothing_but_a_rehearsal_is_scheduled(mode: str) -> None:
    with pytest.raises(InvalidExecutionInput, match="rehearsal"):
        taken({**SCHEDULED, "mode": mode})


NAMES = st.sampled_from(["mode", "reason", "override", "graceful", "detail", "source", "x"])
VALUES = st.one_of(st.none(), st.booleans(), st.sampled_from([*MODES, ""]), st.just([]))


@settings(max_examples=60)
@given(st.dictionaries(NAMES, VALUES))
def test_whatever_is_given_is_a_known_mode_or_refused(value: dict[str, Any]) -> None:
    try:
        request = taken(value)
    except InvalidExecutionInput:
        return
    assert request.mode == value["mode"]
    assert request.mode in MODES
    assert value["reason"]
