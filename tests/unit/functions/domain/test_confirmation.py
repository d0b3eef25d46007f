"""The verdict on the Primary, from own probes and the beacon, by each policy."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from pilotlight.domain.confirmation import (
    Beacon,
    Policy,
    Probe,
    PulseEvidence,
    account,
    evidence,
    policy,
    pulse_evidence,
    verdict,
)
from pilotlight.domain.sentinel import PulseStreak

from tests.template.stacks import source

GOOD = Probe(ok=True, status=200, error=None, seconds=0.1, at="2026-01-31T12:00:00.000Z")
BAD = Probe(ok=False, status=None, error="timed out", seconds=2.0, at="2026-01-31T12:00:00.000Z")
SERIES = [s for n in range(1, 4) for s in itertools.product((True, False), repeat=n)]
POLICIES, BEACONS = get_args(Policy), get_args(Beacon)
NEED_THE_BEACON = ["both", "route53"]

UP, MIXED, DOWN = (True, True, True), (True, False, True), (False, False, False)
TRUTH: dict[tuple[tuple[bool, ...], str], tuple[str, str, str]] = {
    # probes, beacon:        both       any        route53
    (UP, "healthy"): ("healthy", "healthy", "healthy"),
    (UP, "unknown"): ("unclear", "unclear", "unclear"),
    (UP, "unhealthy"): ("unclear", "outage", "outage"),
    (MIXED, "healthy"): ("unclear", "unclear", "unclear"),
    (MIXED, "unknown"): ("unclear", "unclear", "unclear"),
    (MIXED, "unhealthy"): ("unclear", "outage", "outage"),
    (DOWN, "healthy"): ("unclear", "outage", "unclear"),
    (DOWN, "unknown"): ("unclear", "outage", "unclear"),
    (DOWN, "unhealthy"): ("outage", "outage", "outage"),
}


@pytest.mark.parametrize(("witnesses", "verdicts"), TRUTH.items())
def test_the_truth_table_of_the_policies(witnesses: Any, verdicts: tuple[str, ...]) -> None:
    found = [verdict(*witnesses, by) for by in ("both", "any", "route53")]
    assert tuple(found) == verdicts


@pytest.mark.parametrize("by", NEED_THE_BEACON)
def test_a_partition_between_the_regions_is_no_outage_where_the_beacon_is_needed(by: Any) -> None:
    assert verdict(DOWN, "healthy", by) == "unclear"


@pytest.mark.parametrize("by", NEED_THE_BEACON)
@pytest.mark.parametrize("oks", SERIES)
def test_an_unanswered_beacon_is_never_an_outage_where_it_is_needed(
    oks: tuple[bool, ...], by: Any
) -> None:
    assert verdict(oks, "unknown", by) == "unclear"


@pytest.mark.parametrize("by", POLICIES)
@pytest.mark.parametrize("beacon", BEACONS)
@pytest.mark.parametrize("oks", SERIES)
def test_health_needs_both_witnesses_whatever_the_policy(
    oks: tuple[bool, ...], beacon: Any, by: Any
) -> None:
    assert (verdict(oks, beacon, by) == "healthy") == (all(oks) and beacon == "healthy")


@pytest.mark.parametrize("by", POLICIES)
@pytest.mark.parametrize("beacon", BEACONS)
def test_no_probe_at_all_is_unclear(beacon: Any, by: Any) -> None:
    assert verdict([], beacon, by) == "unclear"


@pytest.mark.parametrize("beacon", BEACONS)
@pytest.mark.parametrize("oks", SERIES)
def test_both_is_the_strictest_and_any_the_least_strict(oks: tuple[bool, ...], beacon: Any) -> None:
    outages = {by for by in POLICIES if verdict(oks, beacon, by) == "outage"}
    assert "both" not in outages or outages == set(POLICIES)
    assert not outages or "any" in outages


def test_the_template_offers_the_policies_that_there_are() -> None:
    parameter = source()["Parameters"]["ConfirmationPolicy"]
    assert tuple(parameter["AllowedValues"]) == POLICIES
    assert parameter["Default"] == "both"


@pytest.mark.parametrize("text", ["", "Both", "all", "none"])
def test_an_unknown_policy_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(ValueError, match=repr(text)):
        policy(text)


def test_the_evidence_carries_the_policy_and_what_the_verdict_rests_on() -> None:
    pulse = PulseEvidence(True, 42.0, "Still.")
    found = evidence([BAD, GOOD], "unhealthy", "2026-01-31T12:00:01.000Z", "both", pulse)
    assert json.loads(json.dumps(found)) == {
        "verdict": "unclear",
        "policy": "both",
        "probes": [
            {"ok": False, "status": None, "error": "timed out", "seconds": 2.0, "at": BAD.at},
            {"ok": True, "status": 200, "error": None, "seconds": 0.1, "at": GOOD.at},
        ],
        "beacon": "unhealthy",
        "pulse": {"still": True, "seconds": 42.0, "detail": "Still."},
        "checked_at": "2026-01-31T12:00:01.000Z",
    }


@pytest.mark.parametrize(
    ("oks", "beacon", "said"),
    [
        (DOWN, "healthy", "the Secondary's Region does not reach the Primary, Route 53's check"),
        (UP, "unhealthy", "the Secondary's Region reaches the Primary, Route 53's checkers do not"),
    ],
)
def test_a_disagreement_says_who_saw_what(oks: Any, beacon: str, said: str) -> None:
    assert said in account(oks, beacon, "both", {})
    assert f"the beacon says {beacon}" in account(oks, beacon, "both", {})


@pytest.mark.parametrize(("oks", "beacon"), [(DOWN, "unhealthy"), (UP, "healthy"), ((), "healthy")])
def test_witnesses_that_agree_or_are_not_there_do_not_disagree(oks: Any, beacon: str) -> None:
    assert "reach" not in account(oks, beacon, "any", {})


# --- the pulse -----------------------------------------------------------------------------------
def test_a_pulse_that_stands_still_stands_in_for_the_beacon_and_for_no_probe() -> None:
    def by_pulse(oks: Any, beacon: Any, by: Any) -> str:
        return verdict(oks, beacon, by, pulse_still=True)

    assert [by_pulse(DOWN, beacon, "both") for beacon in BEACONS] == ["outage"] * 3
    assert by_pulse(MIXED, "healthy", "both") == "unclear"
    assert by_pulse(DOWN, "healthy", "route53") == "unclear"
    assert by_pulse((), "unhealthy", "both") == "unclear"
    for beacon, by in itertools.product(BEACONS, POLICIES):
        assert by_pulse(UP, beacon, by) == verdict(UP, beacon, by), "users reach the Primary"


SINCE = "2026-01-31T12:00:00.000Z"
STANDS = PulseStreak(7, SINCE, SINCE)


@pytest.mark.parametrize(
    ("beat", "kept", "seconds", "still", "known"),
    [
        (7, STANDS, 30.0, True, 30.0),
        (7, STANDS, 29.9, False, 29.9),
        (7, STANDS, -5.0, False, -5.0),
        (8, STANDS, 300.0, False, 0.0),
        (7, PulseStreak(), 300.0, False, 0.0),
        (None, STANDS, 300.0, False, None),
    ],
    ids=["still", "not yet", "clock went back", "moved since", "never looked", "no pulse"],
)
def test_a_pulse_stands_still_after_30_seconds_with_the_same_number(
    beat: int | None, kept: PulseStreak, seconds: float, still: bool, known: float | None
) -> None:
    now = datetime.fromisoformat(SINCE) + timedelta(seconds=seconds)
    found = pulse_evidence(beat, kept, now)
    assert (found.still, found.seconds) == (still, known)
    assert found.detail


def test_the_account_tells_of_a_pulse_that_stands_still_and_of_no_other() -> None:
    told = account(DOWN, "healthy", "both", {"still": True, "detail": "It has stood still."})
    assert told.endswith("(policy both). It has stood still.")
    assert "stood" not in account(DOWN, "healthy", "both", {"still": 1, "detail": "It stood."})
