"""The verdict on the Primary, from own probes, the beacon and the pulse."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from pilotlight.failover.confirmation import (
    PulseEvidence,
    account,
    evidence,
    pulse_evidence,
    verdict,
)
from pilotlight.sentinel.observation import Beacon, PulseStreak
from pilotlight.sentinel.probe_result import Probe

GOOD = Probe(ok=True, status=200, error=None, seconds=0.1, at="2026-01-31T12:00:00.000Z")
BAD = Probe(ok=False, status=None, error="timed out", seconds=2.0, at="2026-01-31T12:00:00.000Z")
SERIES = [s for n in range(1, 4) for s in itertools.product((True, False), repeat=n)]
BEACONS = get_args(Beacon)

UP, MIXED, DOWN = (True, True, True), (True, False, True), (False, False, False)
# Of probes and beacon, while the pulse moves.
TRUTH: dict[tuple[tuple[bool, ...], str], str] = {
    (UP, "healthy"): "healthy",
    (UP, "unknown"): "unclear",
    (UP, "unhealthy"): "unclear",
    (MIXED, "healthy"): "unclear",
    (MIXED, "unknown"): "unclear",
    (MIXED, "unhealthy"): "unclear",
    (DOWN, "healthy"): "unclear",
    (DOWN, "unknown"): "unclear",
    (DOWN, "unhealthy"): "outage",
}


@pytest.mark.parametrize(("witnesses", "found"), TRUTH.items())
def test_the_truth_table(witnesses: Any, found: str) -> None:
    assert verdict(*witnesses) == found


def test_a_partition_between_the_regions_is_no_outage() -> None:
    assert verdict(DOWN, "healthy") == "unclear"


@pytest.mark.parametrize("oks", SERIES)
def test_an_unanswered_beacon_is_never_an_outage(oks: tuple[bool, ...]) -> None:
    assert verdict(oks, "unknown") == "unclear"


@pytest.mark.parametrize("beacon", BEACONS)
@pytest.mark.parametrize("oks", SERIES)
def test_health_needs_both_witnesses(oks: tuple[bool, ...], beacon: Any) -> None:
    assert (verdict(oks, beacon) == "healthy") == (all(oks) and beacon == "healthy")


@pytest.mark.parametrize("beacon", BEACONS)
def test_no_probe_at_all_is_unclear(beacon: Any) -> None:
    assert verdict([], beacon) == "unclear"


def test_the_evidence_carries_what_the_verdict_rests_on() -> None:
    pulse = PulseEvidence(True, 42.0, "Still.")
    found = evidence([BAD, GOOD], "unhealthy", "2026-01-31T12:00:01.000Z", pulse)
    assert json.loads(json.dumps(found)) == {
        "verdict": "unclear",
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
    assert said in account(oks, beacon, {})
    assert f"the beacon is {beacon}" in account(oks, beacon, {})


@pytest.mark.parametrize(("oks", "beacon"), [(DOWN, "unhealthy"), (UP, "healthy"), ((), "healthy")])
def test_witnesses_that_agree_or_are_not_there_do_not_disagree(oks: Any, beacon: str) -> None:
    assert "reach" not in account(oks, beacon, {})


# --- the pulse -----------------------------------------------------------------------------------
def test_a_pulse_that_stands_still_stands_in_for_the_beacon_and_for_no_probe() -> None:
    for beacon in BEACONS:
        assert verdict(DOWN, beacon, pulse_still=True) == "outage"
        assert verdict(MIXED, beacon, pulse_still=True) == "unclear"
        assert verdict((), beacon, pulse_still=True) == "unclear"
        assert verdict(UP, beacon, pulse_still=True) == verdict(UP, beacon), "users reach it"


SINCE = "2026-01-31T12:00:00.000Z"
STANDS = PulseStreak(7, SINCE, SINCE)


@pytest.mark.parametrize(
    ("beat", "kept", "seconds", "still", "known"),
    [
        (7, STANDS, 30.0, True, 30.0),
        (7, STANDS, 29.94, False, 29.9),
        (7, STANDS, -5.0, False, None),
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
    told = account(DOWN, "healthy", {"still": True, "detail": "It has stood still."})
    assert told.endswith("checkers do. It has stood still.")
    assert "stood" not in account(DOWN, "healthy", {"still": 1, "detail": "It stood."})
