"""A planned move that a person starts, and in which direction it goes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from pilotlight.failover.request import InvalidExecutionInput
from pilotlight.shared.validation import violation
from pilotlight.switchover.request import EXAMPLE, MoveRequest, read_move

PRIMARY, SECONDARY = "us-west-2", "us-east-2"
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text("ab", max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["mode", "reason", "force", "target"]), inner, max_size=4),
    ),
    max_leaves=6,
)


def taken(given_: Any) -> MoveRequest:
    return read_move(given_, validate=violation, primary=PRIMARY, secondary=SECONDARY)


def test_a_switchover_goes_from_the_primary_to_the_secondary() -> None:
    assert asdict(taken({"mode": "switchover", "reason": "maintenance"})) == {
        "disposition": "accept",
        "mode": "switchover",
        "reason": "maintenance",
        "trigger": "manual",
        "source": PRIMARY,
        "target": SECONDARY,
    }


def test_a_failback_goes_from_the_secondary_to_the_primary() -> None:
    found = taken({"mode": "failback", "reason": "well again"})
    assert (found.mode, found.source, found.target) == ("failback", SECONDARY, PRIMARY)


INVALID = {
    "mode": ["failover", "rehearsal", "Switchover", "", None, 1],
    "reason": ["", "x" * 501, None, ["x"]],
    **{key: [True] for key in ("override", "graceful", "source", "target", "epoch")},
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n in INVALID for v in INVALID[n]])
def test_an_invalid_value_is_refused_and_named(name: str, value: Any) -> None:
    match = f"{name}.*mode switchover or failback"
    with pytest.raises(InvalidExecutionInput, match=match):
        taken({"mode": "switchover", "reason": "x", name: value})


@pytest.mark.parametrize(
    "event",
    [{"detail-type": "CloudWatch Alarm State Change"}, {"detail": {}, "mode": "switchover"}],
)
def test_an_event_is_refused_because_no_alarm_starts_a_planned_move(event: Any) -> None:
    with pytest.raises(InvalidExecutionInput, match=r"by no alarm\. Correct the rule"):
        taken(event)


def test_the_example_that_a_refusal_shows_is_taken() -> None:
    assert taken(json.loads(EXAMPLE)).mode == "failback"


@settings(max_examples=40)
@given(JUNK)
def test_whatever_is_given_is_a_whole_request_or_refused_under_one_name(junk: Any) -> None:
    try:
        found = taken(junk)
    except InvalidExecutionInput:
        return
    assert junk == {"mode": found.mode, "reason": found.reason}
