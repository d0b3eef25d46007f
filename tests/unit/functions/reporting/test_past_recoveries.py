"""Past recoveries: how long they took, by whose clock, and epochs without a record."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from pilot_light_client import timestamps
from pilotlight.replication.rpo import FirstFailure, estimate
from pilotlight.reporting.past_recoveries import KEPT, epochs, fact, recovery

from tests.unit.functions.reporting.overview_facts import FAILED_OVER, RECORD


def test_the_newest_epochs_are_asked_for_and_never_the_seeded_one() -> None:
    assert epochs({"epoch": 1}) == []
    assert epochs({"epoch": 3}) == [3, 2]
    assert epochs({"epoch": 40}) == [40, 39, 38, 37, 36]
    assert len(epochs({"epoch": 40})) == KEPT
    assert epochs({}) == epochs({"error": "AccessDenied"}) == []


def test_the_machine_s_rto_runs_from_the_first_failed_probe_and_says_whose_it_was() -> None:
    found = recovery(RECORD)
    assert (found["rto_seconds"], found["rto_from"]) == (60.5, "first failed probe (sentinel)")
    assert (found["rpo_seconds"], found["rpo_detail"]) == (12.5, "It was 12.5 s old.")


def test_it_is_compared_with_the_target_of_its_day() -> None:
    assert (recovery(RECORD)["rto_target_seconds"], recovery(RECORD)["within_target"]) == (
        60,
        False,
    )
    assert recovery(RECORD | {"rto_target": 61})["within_target"] is True
    assert recovery(RECORD | {"rto_target": None})["within_target"] is None
    assert recovery(RECORD | {"timeline": None})["within_target"] is None


def test_the_first_failed_probe_counts_also_where_the_lag_is_not_known() -> None:
    first = FirstFailure(timestamps.parse("2026-07-01T11:56:00Z"), "sentinel")
    unknown = asdict(estimate({}, first))
    found = recovery(RECORD | {"rpo_estimate": json.dumps(unknown)})
    assert (found["rto_seconds"], found["rpo_seconds"]) == (60.5, None)


def test_without_a_failed_probe_it_runs_from_the_start_of_the_run_and_says_so() -> None:
    found = recovery(RECORD | {"rpo_estimate": "{}"})
    assert (found["rto_seconds"], found["rto_from"]) == (25.5, "start of the run")
    assert found["rpo_seconds"] is None


@pytest.mark.parametrize("timeline", [None, "", "[]", "{", json.dumps({"started_at": "then"})])
def test_a_timeline_that_is_missing_or_garbled_gives_no_rto(timeline: str | None) -> None:
    found = recovery(RECORD | {"timeline": timeline})
    assert (found["rto_seconds"], found["rto_from"]) == (None, None)


def test_an_epoch_without_a_record_is_for_a_person_to_know() -> None:
    found = fact([{}, RECORD], {"epoch": 3})
    assert (found["verdict"], found["detail"]) == ("attention", "There is no record of epoch 3.")
    assert [r["epoch"] for r in found["recent"]] == [2]


def test_a_record_that_cannot_be_read_makes_the_history_unknown() -> None:
    found = fact([{"error": "Throttled"}, RECORD], {"epoch": 3})
    assert found["verdict"] == "unknown" and "Throttled" in found["detail"]


def test_the_last_recovery_is_told_first() -> None:
    found = fact(FAILED_OVER.recoveries, FAILED_OVER.control)
    assert found["detail"] == "The last one was recorded at 2026-07-01T11:58:00.000Z: promoted."
    assert fact([], {"epoch": 1})["detail"] == "There was none yet."
