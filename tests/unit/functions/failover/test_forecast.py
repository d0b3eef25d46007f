"""The forecast of an RTO: what it is made of, that it is no promise of more, and how it differs."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pilot_light_client import timestamps
from pilotlight.failover import forecast as model
from pilotlight.failover.confirmation import FOLLOW_SECONDS, READ_SECONDS, TIMEOUT
from pilotlight.failover.forecast import Intervals, Measured, forecast, of_rehearsal
from pilotlight.sentinel.observation import SETTLE_SECONDS

STARTED = datetime.fromisoformat("2026-01-31T12:00:00+00:00")
MEASURED = Measured(intake=0.8, decision=0.6, claim=0.3)
STANDARD = Intervals(sentinel_seconds=10, failures=2, checkers=6, lease_seconds=5)
FAST = replace(STANDARD, failures=1)


def at(seconds: float) -> str:
    return timestamps.text(STARTED + timedelta(seconds=seconds))


def rehearsed(**times: str | None) -> dict[str, Any]:
    """The forecast of a rehearsal with these times."""
    known = {
        "started_at": at(0),
        "checked_at": at(0.8),
        "decided_at": at(1.4),
        "rehearsed_at": at(1.7),
        **times,
    }
    confirm = {"checked_at": known.pop("checked_at")}
    return of_rehearsal(known, {"confirm": confirm}, STANDARD)


def drawn(measured: Measured, given: Intervals, draw: random.Random) -> tuple[float, float]:
    """One outage by the same assumptions, with random numbers: reads, and writes."""

    def triangle(delay: tuple[float, float, float]) -> float:
        least, likely, most = delay
        return draw.triangular(least, most, likely)

    def phases() -> list[float]:
        return sorted(draw.uniform(0, model.CHECK_SECONDS) for _ in range(given.checkers))

    healthy = int(model.HEALTHY_SHARE * given.checkers)
    probes = draw.uniform(0, given.sentinel_seconds) + draw.uniform(0, 2) + triangle(model.LATE)
    begun = probes + SETTLE_SECONDS + model.START_SECONDS + measured.intake
    turned = phases()[given.checkers - healthy - 1] + triangle(model.VERDICT_DELAY)
    turned += given.failures * model.CONNECT_SECONDS + (given.failures - 1) * model.CHECK_SECONDS
    while turned > begun + TIMEOUT + FOLLOW_SECONDS:
        begun += TIMEOUT + FOLLOW_SECONDS
        begun += measured.decision + model.BEACON_WAIT_SECONDS + measured.intake
    claimed = max(begun + TIMEOUT, turned + READ_SECONDS) + measured.decision
    claimed += model.ANNOUNCE_SECONDS + measured.claim + given.waits_seconds
    dns = phases()[healthy] + triangle(model.VERDICT_DELAY) + draw.uniform(0, model.TTL_SECONDS)
    served = given.lease_seconds + measured.claim + model.FENCE_RETRY_SECONDS
    return claimed + dns, claimed + max(dns, served if given.lease_seconds else 0.0)


@pytest.mark.parametrize(
    "given",
    [
        STANDARD,
        FAST,
        replace(STANDARD, sentinel_seconds=60, checkers=16),
        replace(FAST, lease_seconds=13, waits_seconds=30),
        replace(STANDARD, lease_seconds=0),
    ],
)
def test_it_is_what_drawing_the_same_assumptions_ten_thousand_times_gives(
    given: Intervals,
) -> None:
    draw = random.Random(3)
    kinds = zip(*(drawn(MEASURED, given, draw) for _ in range(10_000)), strict=True)
    found = forecast(MEASURED, given)
    for kind, outages in zip(("reads", "writes"), map(sorted, kinds), strict=True):
        expected = {"p50": outages[4_999], "p99": outages[9_899]}
        assert found[kind] == pytest.approx(expected, abs=0.6), kind


def test_the_same_rehearsal_has_the_same_forecast() -> None:
    assert forecast(MEASURED, STANDARD) == forecast(MEASURED, STANDARD)


def test_writes_are_never_served_before_reads() -> None:
    for lease in (0, 2, 5, 13, 40):
        found = forecast(MEASURED, replace(FAST, lease_seconds=lease))
        assert found["writes"]["p50"] >= found["reads"]["p50"]
        assert found["writes"]["p99"] >= found["reads"]["p99"]


def test_without_a_fence_writes_wait_for_no_lease() -> None:
    found = forecast(MEASURED, replace(STANDARD, lease_seconds=0))
    assert found["writes"] == found["reads"]


@pytest.mark.parametrize(
    ("slower", "least"),
    [
        (replace(FAST, failures=2), 10.0),
        (replace(FAST, sentinel_seconds=60), 10.0),
        (replace(FAST, waits_seconds=300), 300.0),
        (replace(FAST, lease_seconds=40), 20.0),
    ],
)
def test_what_a_failover_waits_longer_for_comes_later(slower: Intervals, least: float) -> None:
    fast, slow = (forecast(MEASURED, given)["writes"] for given in (FAST, slower))
    assert slow["p99"] - fast["p99"] >= least - 0.05


def test_a_rehearsal_that_was_slow_has_a_later_forecast_by_what_it_measured() -> None:
    slow = forecast(replace(MEASURED, claim=MEASURED.claim + 4), STANDARD)
    assert slow["reads"]["p99"] == pytest.approx(forecast(MEASURED, STANDARD)["reads"]["p99"] + 4)
    slow = forecast(replace(MEASURED, intake=60), STANDARD)
    assert slow["reads"]["p50"] > 60


def test_each_stage_says_whether_it_was_measured() -> None:
    stages = {s["name"]: s for s in rehearsed()["stages"]}
    measured = {n: s["p99"] for n, s in stages.items() if s["basis"] == "measured"}
    assert measured == {"start to evidence": 0.8, "evidence to decision": 0.6, "claim": 0.3}
    assert {s["basis"] for s in stages.values()} == {"measured", "modelled", "configured"}
    assert all(s["p50"] <= s["p99"] for s in stages.values())


def test_a_rehearsals_times_are_what_is_measured() -> None:
    assert rehearsed() == forecast(MEASURED, STANDARD)


@pytest.mark.parametrize("name", ["started_at", "checked_at", "decided_at", "rehearsed_at"])
@pytest.mark.parametrize("value", [None, "noon", "2026-01-31T12:00:00"])
def test_without_a_time_it_is_unknown_and_names_what_is_missing(
    name: str, value: str | None
) -> None:
    found = rehearsed(**{name: value})
    assert set(found) == {"unknown"}
    assert name in found["unknown"]


def test_evidence_that_failed_makes_it_unknown() -> None:
    timeline = {name: at(1) for name in ("started_at", "decided_at", "rehearsed_at")}
    for evidence in ({}, {"confirm": {"error": "x"}}, {"confirm": "x"}):
        assert "confirm.checked_at" in of_rehearsal(timeline, evidence, STANDARD)["unknown"]


def test_clocks_that_differ_by_less_than_a_second_do_not_matter_and_others_make_it_unknown() -> (
    None
):
    assert rehearsed(checked_at=at(-0.9))["reads"]
    assert "a clock was off" in rehearsed(checked_at=at(-1.1))["unknown"]


def test_it_takes_a_fraction_of_the_step_that_makes_it() -> None:
    begun = time.process_time()
    for _ in range(5):
        forecast(MEASURED, STANDARD)
    # At 512 MB a function has less than a third of a core.
    assert (time.process_time() - begun) / 5 < 0.05 / 3
