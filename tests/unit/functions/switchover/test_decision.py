"""Whether a planned move may begin: each condition, where it is met and where it just is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pilotlight.switchover.decision import Move, Patience

from tests.unit.functions.switchover.move_cases import (
    FAILBACK,
    MOVES,
    PRIMARY,
    SECONDARY,
    Path,
    ago,
    decided,
    spoiled,
    whole,
)

both_ways = pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
REQUIRED = [
    "primary_healthy",
    "source_serves",
    "target_ready",
    "release_parity",
    "replication_healthy",
    "caught_up",
]
SEEN = ("preflight",)
PROBES, BEACON = (*SEEN, "probes"), (*SEEN, "beacon")
LOOKED, SINCE = (*SEEN, "sentinel", "observed_at"), (*SEEN, "sentinel", "healthy_since")
TO_TARGET = (*SEEN, "replication", "to_target")
TO_SOURCE = (*SEEN, "replication", "to_source")


def test_where_nothing_is_in_the_way_a_switchover_proceeds() -> None:
    found = decided(whole())
    assert (found.action, found.unmet) == ("proceed", [])
    assert [c.name for c in found.conditions if c.required] == REQUIRED
    assert [c.name for c in found.conditions if not c.required] == [
        "target_warm",
        "scheduled_readiness",
    ]
    assert all(c.met for c in found.conditions)


def test_a_failback_requires_the_review_of_the_ledger_as_well() -> None:
    found = decided(whole(), FAILBACK)
    assert (found.action, found.unmet) == ("proceed", [])
    assert [c.name for c in found.conditions if c.required] == [*REQUIRED, "ledger_reviewed"]


def test_a_switchover_asks_no_ledger() -> None:
    assert decided(spoiled((("ledger",), {"error": "x"}))).action == "proceed"


@pytest.mark.parametrize(
    ("change", "condition", "told"),
    [
        ((PROBES, [{"ok": True}, {"ok": False}]), "primary_healthy", "1 of 2 own probes"),
        ((PROBES, []), "primary_healthy", "0 of 0 own probes"),
        ((BEACON, "unhealthy"), "primary_healthy", "the beacon is unhealthy"),
        ((BEACON, "unknown"), "primary_healthy", "the beacon is unknown"),
        ((SINCE, ago(304)), "primary_healthy", "healthy for 299 s; 5 minutes"),
        ((LOOKED, ago(151)), "primary_healthy", "published no probe result lately"),
        ((LOOKED, ago(-2)), "primary_healthy", "published no probe result lately"),
        ((SINCE, "yesterday"), "primary_healthy", "does not find it healthy"),
        (((*TO_TARGET, "age_seconds"), 40.1), "replication_healthy", "40 s are allowed"),
        (((*TO_TARGET, "age_seconds"), -1.1), "replication_healthy", "-1.1 s old"),
        (((*TO_TARGET, "age_seconds"), None), "replication_healthy", "16 of 16 keys are held"),
        (((*TO_SOURCE, "age_seconds"), 100.1), "replication_healthy", "100 s are allowed"),
        ((TO_SOURCE, {"error": "Throttled"}), "replication_healthy", "not be read: Throttled"),
        ((("watermark", "caught_up"), False), "caught_up", "up to 01J; more are to be compared"),
        ((("readiness", "verdict"), "not_ready"), "target_ready", "1 checks passed"),
    ],
)
@both_ways
def test_what_is_just_not_well_refuses_by_name_and_tells_why(
    change: tuple[Path, Any], condition: str, told: str, move: Move
) -> None:
    found = decided(spoiled(change), move)
    assert (found.action, found.unmet) == ("refuse", [condition])
    assert told in found.summary
    assert found.summary.startswith("Nothing was changed.")


@pytest.mark.parametrize(
    "change",
    [
        (SINCE, ago(305)),
        (LOOKED, ago(150)),
        ((*TO_TARGET, "age_seconds"), 40.0),
        ((*TO_TARGET, "age_seconds"), -1.0),
        ((*TO_SOURCE, "age_seconds"), 100.0),
    ],
)
@both_ways
def test_what_is_just_well_proceeds(change: tuple[Path, Any], move: Move) -> None:
    assert decided(spoiled(change), move).action == "proceed"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 503, "release": "1.2.0"}, "answered 503"),
        ({"status": 301, "release": "1.2.0"}, "answered 301"),
    ],
)
@both_ways
def test_it_is_the_source_that_has_to_serve(answer: dict[str, Any], told: str, move: Move) -> None:
    found = decided(spoiled(((*SEEN, "health", move.source), answer)), move)
    assert found.unmet == ["source_serves"]
    assert f"{move.source} {told}" in found.summary
    assert decided(spoiled(((*SEEN, "health", move.target), answer)), move).unmet == []


def test_a_source_that_did_not_answer_does_not_serve_and_has_no_release() -> None:
    found = decided(spoiled(((*SEEN, "health", PRIMARY), {"error": "Unreachable: refused"})))
    assert found.unmet == ["source_serves", "release_parity"]
    assert f"{PRIMARY} did not answer: Unreachable: refused" in found.summary
    assert f"Release unknown in {PRIMARY}, 1.2.0 in {SECONDARY}." in found.summary


@pytest.mark.parametrize("release", ["1.1.9", "", None, 120, "1.2.0 "])
@pytest.mark.parametrize("region", [PRIMARY, SECONDARY])
@both_ways
def test_releases_have_to_be_equal_and_known(release: Any, region: str, move: Move) -> None:
    found = decided(spoiled(((*SEEN, "health", region, "release"), release)), move)
    assert found.unmet == ["release_parity"]


def test_an_application_whose_health_names_no_release_may_move_and_is_told() -> None:
    both = [((*SEEN, "health", r, "release"), None) for r in (PRIMARY, SECONDARY)]
    found = decided(spoiled(*both))
    assert found.unmet == []
    assert [c.met for c in found.conditions if c.name == "release_parity"] == [False]


@pytest.mark.parametrize("release", ["", 120])
def test_two_unknown_releases_are_not_equal(release: Any) -> None:
    both = [((*SEEN, "health", r, "release"), release) for r in (PRIMARY, SECONDARY)]
    assert decided(spoiled(*both)).unmet == ["release_parity"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((("ledger", "open"), 3), "3 writes of the ledger are to be reviewed"),
        ((("ledger", "open"), None), "did not report how many"),
        ((("ledger", "open"), False), "did not report how many"),
        ((("ledger", "open"), "0"), "did not report how many"),
        ((("ledger", "complete"), False), "not compared to their end"),
        ((("ledger", "complete"), None), "not compared to their end"),
    ],
)
def test_a_failback_waits_for_the_review_of_the_ledger(change: tuple[Path, Any], told: str) -> None:
    found = decided(spoiled(change), FAILBACK)
    assert found.unmet == ["ledger_reviewed"]
    assert told in found.summary


@pytest.mark.parametrize(
    ("compared", "caught_up", "reviewed"),
    [
        (7, "7 journal entries compared up to 01J: the target holds all", "7 journal entries were"),
        (0, "nothing was compared", "Nothing was compared"),
        (None, "nothing was compared", "Nothing was compared"),
    ],
)
def test_where_nothing_was_compared_it_is_said(
    compared: int | None, caught_up: str, reviewed: str
) -> None:
    seen = spoiled((("watermark", "compared"), compared), (("ledger", "compared"), compared))
    details = {c.name: c.detail for c in decided(seen, FAILBACK).conditions}
    assert caught_up in details["caught_up"]
    assert details["ledger_reviewed"].startswith(reviewed)


def test_cold_functions_and_an_old_verdict_are_told_and_refuse_nothing() -> None:
    cold = (("warm",), {"error": {"Error": "Timeout", "Cause": "15 s"}})
    found = decided(spoiled(cold, ((*SEEN, "scheduled"), {"error": "Throttled"})))
    assert found.action == "proceed"
    assert [c.name for c in found.conditions if not c.met] == ["target_warm", "scheduled_readiness"]


@pytest.mark.parametrize("looked", [ago(5), ago(9999), None])
def test_where_no_minutes_are_asked_for_the_sentinel_is_not_asked(looked: Any) -> None:
    impatient = Patience(timedelta(0), timedelta(seconds=20))
    silent = spoiled((LOOKED, looked), (SINCE, None))
    assert decided(silent, patience=impatient).action == "proceed"
    assert decided(silent).unmet == ["primary_healthy"]


def test_rarer_heartbeats_may_be_older() -> None:
    rare = Patience(timedelta(minutes=5), timedelta(seconds=60))
    late = spoiled(((*TO_TARGET, "age_seconds"), 100.0))
    assert decided(late, patience=rare).action == "proceed"
    assert decided(late).unmet == ["replication_healthy"]


def test_everything_unmet_is_named_and_handed_over() -> None:
    found = decided({}, FAILBACK)
    assert found.as_dict()["action"] == "refuse"
    assert found.as_dict()["unmet"] == [*REQUIRED, "ledger_reviewed"]
    assert all(name in found.summary for name in found.unmet)
    assert not any(c["observed"] for c in found.as_dict()["conditions"])


@pytest.mark.parametrize("mode", ["failover", "rehearsal", "", "Switchover"])
def test_a_mode_that_is_not_known_is_an_error_that_names_it(mode: str) -> None:
    with pytest.raises(ValueError, match=f"'{mode}' is none of switchover, failback"):
        Move(mode, PRIMARY, SECONDARY)
