"""The verdict on the Primary, from own probes and the beacon."""

from __future__ import annotations

import itertools
import json
from typing import get_args

import pytest
from pilotlight.domain.confirmation import Beacon, Probe, evidence, verdict

GOOD = Probe(ok=True, status=200, error=None, seconds=0.1, at="2026-01-31T12:00:00.000Z")
BAD = Probe(ok=False, status=None, error="timed out", seconds=2.0, at="2026-01-31T12:00:00.000Z")
SERIES = [s for n in range(4) for s in itertools.product((GOOD, BAD), repeat=n)]


@pytest.mark.parametrize("probes", [[BAD], [BAD] * 3])
def test_failed_probes_and_an_unhealthy_beacon_are_an_outage(probes: list[Probe]) -> None:
    assert verdict(probes, "unhealthy") == "outage"


@pytest.mark.parametrize("probes", [[GOOD], [GOOD] * 3])
def test_good_probes_and_a_healthy_beacon_are_health(probes: list[Probe]) -> None:
    assert verdict(probes, "healthy") == "healthy"


def test_a_partition_between_the_regions_is_unclear() -> None:
    assert verdict([BAD] * 3, "healthy") == "unclear"


def test_checkers_that_see_what_the_probes_do_not_are_unclear() -> None:
    assert verdict([GOOD] * 3, "unhealthy") == "unclear"


@pytest.mark.parametrize("probes", SERIES)
def test_an_unanswered_beacon_is_never_an_outage_nor_health(probes: tuple[Probe, ...]) -> None:
    assert verdict(probes, "unknown") == "unclear"


@pytest.mark.parametrize("beacon", get_args(Beacon))
def test_no_probe_at_all_is_unclear(beacon: Beacon) -> None:
    assert verdict([], beacon) == "unclear"


@pytest.mark.parametrize("beacon", get_args(Beacon))
@pytest.mark.parametrize("probes", [s for s in SERIES if GOOD in s and BAD in s])
def test_probes_that_disagree_among_themselves_are_unclear(
    probes: tuple[Probe, ...], beacon: Beacon
) -> None:
    assert verdict(probes, beacon) == "unclear"


@pytest.mark.parametrize("beacon", get_args(Beacon))
@pytest.mark.parametrize("probes", [s for s in SERIES if GOOD in s])
def test_one_good_probe_is_enough_against_an_outage(
    probes: tuple[Probe, ...], beacon: Beacon
) -> None:
    assert verdict(probes, beacon) != "outage"


def test_the_evidence_carries_what_the_verdict_rests_on() -> None:
    found = evidence([BAD, GOOD], "unhealthy", "2026-01-31T12:00:01.000Z")
    assert json.loads(json.dumps(found)) == {
        "verdict": "unclear",
        "probes": [
            {"ok": False, "status": None, "error": "timed out", "seconds": 2.0, "at": BAD.at},
            {"ok": True, "status": 200, "error": None, "seconds": 0.1, "at": GOOD.at},
        ],
        "beacon": "unhealthy",
        "checked_at": "2026-01-31T12:00:01.000Z",
    }
