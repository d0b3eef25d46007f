"""Scheduled readiness: what is judged well, and that nothing unseen counts as well."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pilot_light_client.control_item import ControlItem
from pilot_light_client.ulid_format import lowest_of
from pilotlight.readiness import inspection
from pilotlight.readiness.inspection import stored_verdict

from tests.unit.functions.readiness.test_verdict import ADVISORY, FAILED, NOW as AT, OK, UNKNOWN

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def test_everything_that_is_not_ok_is_named() -> None:
    stored = stored_verdict([OK, FAILED, UNKNOWN, ADVISORY], AT)
    assert stored["findings"] == (
        "failed failed: so it is; unknown unknown: so it is; bucket failed (advisory): lost"
    )
    assert (stored["verdict"], len(stored["checks"])) == ("not_ready", 4)
    ends = stored_verdict([replace(ADVISORY, detail="It ended."), FAILED], AT)["findings"]
    assert "It ended; " in ends
    long = stored_verdict([replace(OK, detail="x" * 201)], AT)["checks"]
    assert long == [asdict(replace(OK, detail="x" * 200))]


def replicas(status: str) -> dict[str, Any]:
    return {
        "TableStatus": "ACTIVE",
        "Replicas": [{"RegionName": "us-west-2", "ReplicaStatus": status}],
    }


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (replicas("ACTIVE"), "ok"),
        (replicas("INACCESSIBLE_ENCRYPTION_CREDENTIALS"), "failed"),
        ({"TableStatus": "ACTIVE", "Replicas": []}, "failed"),
        ({"TableStatus": "ACTIVE"}, "failed"),
        ({**replicas("ACTIVE"), "TableStatus": "ARCHIVED"}, "failed"),
        ({}, "failed"),
    ],
)
def test_a_table_needs_an_active_replica_in_the_other_region(found: Any, state: str) -> None:
    assert inspection.table(found, "us-east-2", "us-west-2")[0] == state


KEYED = {
    **replicas("ACTIVE"),
    "KeySchema": [
        {"AttributeName": "n", "KeyType": "RANGE"},
        {"AttributeName": "customer", "KeyType": "HASH"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "n", "AttributeType": "N"},
        {"AttributeName": "customer", "AttributeType": "S"},
    ],
}


@pytest.mark.parametrize(
    ("found", "declared", "judged"),
    [
        (KEYED, {"customer": "S", "n": "N"}, ("ok", "ACTIVE in us-east-2 and us-west-2")),
        (
            KEYED,
            {"n": "N", "customer": "S"},
            ("failed", "its key is customer/n=N, and the contract declares n=N/customer"),
        ),
        (
            KEYED,
            {"customer": "S"},
            ("failed", "its key is customer/n=N, and the contract declares customer"),
        ),
        (
            {**KEYED, "Replicas": []},
            {"customer": "S", "n": "N"},
            (
                "failed",
                "it is in us-east-2 alone: give it a replica in us-west-2. See "
                "docs/existing-tables.md",
            ),
        ),
        (
            {**KEYED, "Replicas": [{"RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE"}]},
            {"customer": "S", "n": "N"},
            ("failed", "its replica in us-west-2 is missing"),
        ),
    ],
)
def test_a_table_of_the_application_is_global_and_has_the_declared_key(
    found: Any, declared: dict[str, str], judged: tuple[str, str]
) -> None:
    assert inspection.app_table(found, "us-east-2", "us-west-2", declared) == judged


STRONG = {**replicas("ACTIVE"), "MultiRegionConsistency": "STRONG"}


@pytest.mark.parametrize(
    ("found", "witness", "state", "told"),
    [
        (STRONG, "us-east-1", "ok", "STRONG, ACTIVE in us-east-2 and us-west-2"),
        ({**STRONG, "MultiRegionConsistency": "EVENTUAL"}, "us-east-1", "failed", "is EVENTUAL"),
        (replicas("ACTIVE"), "us-east-1", "failed", "is EVENTUAL, not STRONG"),
        ({**STRONG, "TableStatus": "UPDATING"}, "us-east-1", "failed", "UPDATING"),
        (STRONG, "us-west-2", "failed", "must be a third one"),
        (STRONG, "us-east-2", "failed", "must be a third one"),
    ],
)
def test_the_control_table_has_to_be_strong_with_a_witness_in_a_third_region(
    found: Any, witness: str, state: str, told: str
) -> None:
    judged = inspection.strong(found, "us-east-2", "us-west-2", witness)
    assert judged[0] == state
    assert told in judged[1]


@pytest.mark.parametrize(
    ("witnesses", "state", "told"),
    [
        ([{"RegionName": "us-east-1", "WitnessStatus": "ACTIVE"}], "ok", "ACTIVE in us-east-1"),
        ([{"RegionName": "us-east-1", "WitnessStatus": "DELETING"}], "failed", "DELETING"),
        (
            [{"RegionName": "eu-west-1", "WitnessStatus": "ACTIVE"}],
            "failed",
            "the witness in us-east-1 is missing",
        ),
        (None, "failed", "us-east-1 is missing"),
    ],
)
def test_the_witness_has_to_be_there_and_active(witnesses: Any, state: str, told: str) -> None:
    found = {**STRONG, "GlobalTableWitnesses": witnesses}
    judged = inspection.witness(found, "us-east-1")
    assert judged[0] == state
    assert told in judged[1]


@pytest.mark.parametrize(
    ("kept", "state"), [("serving", "ok"), ("claimed", "failed"), ("draining", "failed")]
)
def test_a_control_item_that_does_not_serve_is_left_from_a_run(kept: Any, state: str) -> None:
    judged = inspection.control_item(ControlItem(5, "us-west-2", 2, kept))
    assert judged == (state, f"us-west-2 is {kept} in epoch 2, revision 5")


def test_a_table_of_this_region_alone_needs_no_replica() -> None:
    assert inspection.table({"TableStatus": "ACTIVE"}, "us-east-2", None)[0] == "ok"


@pytest.mark.parametrize(
    ("state", "update", "found"),
    [
        ("Active", "Successful", "ok"),
        ("Inactive", "Successful", "ok"),
        ("Failed", "Successful", "failed"),
        ("Active", "Failed", "failed"),
        ("Active", "InProgress", "failed"),
        (None, None, "failed"),
    ],
)
def test_functions_have_to_be_able_to_run(state: Any, update: Any, found: str) -> None:
    functions = {"app:live": {"State": state, "LastUpdateStatus": update}}
    assert inspection.functions(functions)[0] == found


def test_no_function_at_all_is_not_ready() -> None:
    assert inspection.functions({})[0] == "failed"


def test_quotas_are_compared_with_what_a_recovery_needs_and_with_the_other_region() -> None:
    assert inspection.concurrency(20, 21)[0] == "failed"
    assert inspection.concurrency(21, 21)[0] == "ok"
    assert inspection.parity("requests per second", 2500, 10_000)[0] == "failed"
    assert inspection.parity("requests per second", 10_000, 10_000)[0] == "ok"


def test_a_release_that_is_not_known_is_not_the_same() -> None:
    assert inspection.releases("a", "a")[0] == "ok"
    assert inspection.releases("a", "b")[0] == "failed"
    assert inspection.releases("a", None)[0] == "unknown"
    assert inspection.releases(None, None)[0] == "unknown"


def test_a_subscription_counts_once_it_is_confirmed() -> None:
    assert inspection.subscribers([])[0] == "failed"
    assert inspection.subscribers(["PendingConfirmation"])[0] == "failed"
    assert inspection.subscribers(["PendingConfirmation", "arn:aws:sns:x"])[0] == "ok"


@pytest.mark.parametrize(("hours", "state"), [([], "failed"), ([90, 20], "ok"), ([31], "failed")])
def test_the_newest_backup_copy_counts(hours: list[int], state: str) -> None:
    created = [NOW - timedelta(hours=h) for h in hours]
    assert inspection.backup(created, NOW)[0] == state


def rule(status: str, bucket: str) -> dict[str, Any]:
    return {"Status": status, "Destination": {"Bucket": f"arn:aws:s3:::{bucket}"}}


def test_a_bucket_needs_an_enabled_rule_to_the_other() -> None:
    assert inspection.replication([rule("Enabled", "b")], "b")[0] == "ok"
    for rules in ([], [rule("Disabled", "b")], [rule("Enabled", "another-b")], [{}]):
        assert inspection.replication(rules, "b")[0] == "failed"


def ago(**delta: float) -> str:
    return (NOW - timedelta(**delta)).isoformat()


@pytest.mark.parametrize(
    ("last", "state", "told"),
    [
        ({}, "failed", "no rehearsal has passed; there is none"),
        ({"verdict": "FAIL", "at": "T"}, "failed", "no rehearsal has passed; the newest, at T,"),
        ({"verdict": "PASS", "at": "T", "last_pass_at": ago(days=8)}, "ok", "8.0 days old"),
        ({"verdict": "FAIL", "at": "T", "last_pass_at": ago(days=1)}, "ok", "T, was FAIL"),
        (
            {"verdict": "PASS", "at": "T", "last_pass_at": ago(days=8, seconds=1)},
            "failed",
            "8.0 days old",
        ),
    ],
)
def test_a_rehearsal_has_to_have_passed_not_too_long_ago(
    last: dict[str, str], state: str, told: str
) -> None:
    found = inspection.rehearsal(last, NOW, timedelta(days=8))
    assert found[0] == state
    assert told in found[1]


def test_a_pass_at_no_known_time_is_not_taken_for_one() -> None:
    with pytest.raises(ValueError, match="yesterday"):
        inspection.rehearsal(
            {"verdict": "PASS", "at": "T", "last_pass_at": "yesterday"}, NOW, timedelta(days=8)
        )


FORECAST = '{"reads": {"p50": 31, "p99": 42}, "writes": {"p50": 32, "p99": 45}}'


@pytest.mark.parametrize(
    ("last", "state", "told"),
    [
        ({"forecast": FORECAST}, "ok", "forecast (not measured): reads p50 31 s"),
        ({}, "unknown", "no rehearsal has made one"),
        ({"forecast": "{"}, "unknown", "no rehearsal has made one"),
        ({"forecast": '{"unknown": "a clock was off"}'}, "unknown", "a clock was off"),
    ],
)
def test_the_newest_rehearsals_forecast_is_judged_by_todays_target(
    last: dict[str, str], state: str, told: str
) -> None:
    found = inspection.rto_forecast(last, 45)
    assert found[0] == state
    assert told in found[1]
    assert inspection.rto_forecast({"forecast": FORECAST}, 44)[0] == "failed"


def test_heartbeats_are_missed_only_from_an_active_primary() -> None:
    now = 1_800_000_000_000
    assert inspection.heartbeats(now - 120_000, now, active=True)[0] == "ok"
    assert inspection.heartbeats(now - 120_001, now, active=True)[0] == "failed"
    assert inspection.heartbeats(None, now, active=True)[0] == "failed"
    assert inspection.heartbeats(None, now, active=False)[0] == "ok"


def test_a_pass_in_the_future_was_stored_by_a_clock_that_is_ahead_and_is_none() -> None:
    at = (NOW + timedelta(days=1)).isoformat()
    last = {"verdict": "PASS", "at": at, "last_pass_at": at}
    assert inspection.rehearsal(last, NOW, timedelta(days=8))[0] == "failed"


# --- the journal ---------------------------------------------------------------------------------
def compared(ago: timedelta, **more: str) -> dict[str, str]:
    return {"watermark": lowest_of(int((NOW - ago).timestamp() * 1000)), **more}


@pytest.mark.parametrize(
    ("mark", "changed", "state"),
    [
        (compared(timedelta(minutes=2)), None, "ok"),
        (compared(timedelta(hours=6)), None, "ok"),
        (compared(timedelta(hours=6, seconds=1)), NOW, "failed"),
        (compared(timedelta(hours=-1)), NOW, "failed"),
        (compared(timedelta(minutes=2), uncompared_since="noon"), None, "failed"),
        ({}, NOW, "ok"),
        ({}, NOW - timedelta(hours=7), "failed"),
        ({"watermark": "soon"}, None, "unknown"),
    ],
)
def test_a_journal_is_compared_while_its_entries_are_kept(
    mark: dict[str, str], changed: datetime | None, state: str
) -> None:
    changed_at = changed.isoformat() if changed else None
    control = ControlItem(1, "us-west-2", 3, "serving", changed_at=changed_at)
    found, detail = inspection.journal(mark, control, NOW)
    assert found == state
    assert "us-west-2 in epoch 3" in detail
    assert len(detail) <= 200, "longer ones are cut off"
