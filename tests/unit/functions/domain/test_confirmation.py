"""The verdict on the Primary, from own probes and the beacon, by each policy."""

from __future__ import annotations

import itertools
import json
from typing import Any, get_args

import pytest
from pilotlight.domain.confirmation import (
    Beacon,
    Policy,
    Probe,
    account,
    evidence,
    policy,
    verdict,
)

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
    found = evidence([BAD, GOOD], "unhealthy", "2026-01-31T12:00:01.000Z", "both")
    assert json.loads(json.dumps(found)) == {
        "verdict": "unclear",
        "policy": "both",
        "probes": [
            {"ok": False, "status": None, "error": "timed out", "seconds": 2.0, "at": BAD.at},
            {"ok": True, "status": 200, "error": None, "seconds": 0.1, "at": GOOD.at},
        ],
        "beacon": "unhealthy",
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
    assert said in account(oks, beacon, "both")
    assert f"the beacon says {beacon}" in account(oks, beacon, "both")


@pytest.mark.parametrize(("oks", "beacon"), [(DOWN, "unhealthy"), (UP, "healthy"), ((), "healthy")])
def test_witnesses_that_agree_or_are_not_there_do_not_disagree(oks: Any, beacon: str) -> None:
    assert "reach" not in account(oks, beacon, "any")
