"""The overview: what is well, what a person has to know, and that unknown is never well."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from pilotlight.reporting.overview import Gathered, overview

from tests.unit.functions.fakes import PRIMARY, SECONDARY
from tests.unit.functions.reporting.overview_facts import (
    FAILED_OVER,
    FORECAST,
    MS,
    NOW,
    PAIR,
    RECORD,
    WELL,
    fact,
    told,
)

SENTINEL = dict(WELL.sentinel)
READINESS = dict(WELL.readiness)
DRAINING = {"active_region": PRIMARY, "epoch": 3, "state": "draining"}


def test_a_deployment_in_which_all_is_well_says_so() -> None:
    found = told()
    assert (found["verdict"], found["summary"]) == ("ok", "Every fact is as it should be.")
    assert {f["verdict"] for f in found["facts"].values()} == {"ok"}
    assert (found["primary_region"], found["secondary_region"]) == (PRIMARY, SECONDARY)


SOURCES = {f.name: f.name for f in fields(Gathered)} | {
    "lock": "machine",
    "heartbeats": "replication",
}


@pytest.mark.parametrize(("source", "name"), SOURCES.items())
def test_what_cannot_be_read_is_unknown_and_says_why(source: str, name: str) -> None:
    broken: Any = {"error": "AccessDenied"}
    read = replace(FAILED_OVER, **{source: [broken] if source == "recoveries" else broken})
    found = overview(read, PAIR, NOW)["facts"][name]
    assert found["verdict"] == "unknown"
    assert "AccessDenied" in found["detail"]


@pytest.mark.parametrize("source", sorted(set(SOURCES) - {"lock", "recoveries"}))
def test_what_is_missing_is_unknown(source: str) -> None:
    assert told(**{source: {}})["facts"][SOURCES[source]]["verdict"] == "unknown"


def test_the_summary_tells_what_needs_attention_before_what_is_unknown() -> None:
    found = told(rehearsal={}, sentinel=SENTINEL | {"probe_ok": False})
    assert found["verdict"] == "attention"
    detail = found["facts"]["sentinel"]["detail"]
    assert found["summary"] == f"{detail} Unknown: rehearsal, rto."
    assert told(rehearsal={})["verdict"] == "unknown"


# --- who is active --------------------------------------------------------------------------------
def test_an_active_secondary_is_for_a_person_to_know() -> None:
    found = fact("control", control=FAILED_OVER.control, recoveries=FAILED_OVER.recoveries)
    assert (found["verdict"], found["role"], found["epoch"]) == ("attention", "Secondary", 2)
    assert found["detail"] == f"{SECONDARY}, the Secondary, serves."


def test_a_drain_is_told_with_its_end_and_one_that_ran_out_is_left_to_a_keeper() -> None:
    records = [{"epoch": 3}, {"epoch": 2}]
    runs = fact("control", control=DRAINING | {"drain_until": MS + 5_000}, recoveries=records)
    assert (runs["verdict"], runs["drain_until"]) == ("attention", "2026-07-01T12:00:05.000Z")
    assert runs["detail"] == f"{PRIMARY}, the Primary, drains for a planned move."
    over = fact("control", control=DRAINING | {"drain_until": MS - 1}, recoveries=records)
    assert over["verdict"] == "attention"
    assert "Its end has passed; a keeper ends it within a minute." in over["detail"]


def test_a_claim_that_does_not_serve_yet_needs_attention_and_says_that_nobody_writes() -> None:
    claimed = FAILED_OVER.control | {"state": "claimed", "revision": 4}
    found = fact("control", control=claimed, recoveries=FAILED_OVER.recoveries)
    assert (found["verdict"], found["state"], found["revision"]) == ("attention", "claimed", 4)
    assert found["detail"] == f"{SECONDARY}, the Secondary, is taking over: nobody writes yet."


@pytest.mark.parametrize(
    "garbled", [{"state": "asleep"}, {"active_region": "eu-west-1"}, {"epoch": "two"}]
)
def test_a_garbled_control_item_says_nothing(garbled: dict[str, Any]) -> None:
    assert fact("control", control=WELL.control | garbled)["verdict"] == "unknown"


# --- machine --------------------------------------------------------------------------------------
def test_a_run_that_holds_the_lock_is_told_by_its_machine() -> None:
    lock = {"owner": "arn:execution", "machine": "switchover", "expires_at": MS // 1000 + 60}
    found = fact("machine", lock=lock)
    assert (found["verdict"], found["machine"]) == ("attention", "switchover")
    assert found["execution"] == "arn:execution"


def test_a_rehearsal_that_runs_changes_nothing_and_alarms_nobody() -> None:
    lock = {"owner": "arn:execution", "mode": "rehearsal", "expires_at": MS // 1000 + 60}
    found = fact("machine", lock=lock)
    assert (found["verdict"], found["detail"]) == ("ok", "A rehearsal is running.")
    assert fact("machine", lock=lock | {"mode": "drill"})["verdict"] == "attention"


def test_a_lock_that_ran_out_and_a_cooldown_that_is_over_hold_up_nobody() -> None:
    past = MS // 1000
    assert fact("machine", lock={"owner": "arn", "expires_at": past})["verdict"] == "ok"
    assert fact("machine", control={"cooldown_until": past})["verdict"] == "ok"
    found = fact("machine", control={"cooldown_until": past + 60})
    assert (found["verdict"], found["detail"][:27]) == ("attention", "No claim is made before 202")


def test_a_pause_is_told_until_it_is_over() -> None:
    def machine(until: int) -> Any:
        return fact("machine", sentinel={**SENTINEL, "paused_until": until})

    soon = MS // 1000 + 600
    found = machine(soon)
    assert (found["verdict"], found["detail"][:30]) == (
        "attention",
        "The automation is paused until",
    )
    assert machine(soon - 601)["verdict"] == "ok"
    assert machine(soon + 86_400)["verdict"] == "ok"


def test_an_outage_of_which_a_person_stopped_a_run_is_told() -> None:
    found = fact("machine", sentinel={**SENTINEL, "held_by": "arn:run"})
    assert (found["verdict"], found["execution"]) == ("attention", "arn:run")


# --- sentinel -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("probe", "beacon", "verdict"),
    [
        (True, "healthy", "ok"),
        (False, "healthy", "attention"),
        (True, "unhealthy", "attention"),
        (True, "unknown", "unknown"),
        (None, "healthy", "unknown"),
    ],
)
def test_the_primary_is_well_only_where_both_witnesses_say_so(
    probe: bool | None, beacon: str, verdict: str
) -> None:
    found = fact("sentinel", sentinel=SENTINEL | {"probe_ok": probe, "beacon": beacon})
    result = {True: "succeeded", False: "failed", None: "is unknown"}[probe]
    assert found["verdict"] == verdict
    assert found["detail"] == f"The Primary's probe {result}, the beacon is {beacon}, 5 s ago."


def test_a_sentinel_that_is_silent_vouches_for_nothing() -> None:
    looked = {"observed_at": "2026-07-01T11:58:59.000Z"}
    found = fact("sentinel", sentinel=SENTINEL | looked)
    assert (found["verdict"], found["age_seconds"]) == ("unknown", 61)
    assert "silent" in found["detail"]


@pytest.mark.parametrize(
    ("interval", "age", "verdict"),
    [(1, 60, "ok"), (20, 60, "ok"), (20, 61, "unknown"), (60, 180, "ok"), (60, 181, "unknown")],
)
def test_silence_is_three_intervals_and_at_least_a_minute(
    interval: int, age: int, verdict: str
) -> None:
    looked = {"observed_at": (NOW - timedelta(seconds=age)).isoformat()}
    pair = replace(PAIR, sentinel_interval=timedelta(seconds=interval))
    read = replace(WELL, sentinel=SENTINEL | looked)
    assert overview(read, pair, NOW)["facts"]["sentinel"]["verdict"] == verdict


# --- readiness and rehearsal ----------------------------------------------------------------------
def test_readiness_shows_every_check_with_its_state() -> None:
    found = fact("readiness")
    assert (found["result"], found["age_seconds"]) == ("ready", 240)
    assert [(c["name"], c["required"], c["state"]) for c in found["checks"]] == [
        ("items_table", True, "ok"),
        ("subscribers", False, "failed"),
    ]


def test_a_secondary_that_is_not_ready_needs_attention_and_an_old_verdict_is_none() -> None:
    checks = [
        {"name": "subscribers", "required": False, "state": "failed", "detail": "none"},
        {"name": "items_table", "required": True, "state": "unknown", "detail": "no answer"},
    ]
    said = READINESS | {"verdict": "not_ready", "checks": json.dumps(checks)}
    found = fact("readiness", readiness=said)
    assert found["verdict"] == "attention"
    assert "items_table unknown; advisory: subscribers failed" in found["detail"]
    young, old = (
        fact("readiness", readiness=READINESS | {"checked_at": f"2026-07-01T11:{at}Z"})
        for at in ("45:00", "44:59")
    )
    assert young["verdict"] == "ok"
    assert old["verdict"] == "unknown" and "too old" in old["detail"]


def test_checks_that_are_garbled_are_left_out_and_the_verdict_stays() -> None:
    said = READINESS | {"verdict": "not_ready", "checks": "{", "findings": "items_table failed: -"}
    found = fact("readiness", readiness=said)
    assert found["checks"] == []
    assert "items_table failed" in found["detail"]


@pytest.mark.parametrize(
    ("said", "verdict"), [("PASS", "ok"), ("FAIL", "attention"), ("INCONCLUSIVE", "unknown")]
)
def test_a_rehearsal_proves_something_only_where_it_passed(said: str, verdict: str) -> None:
    found = fact("rehearsal", rehearsal=dict(WELL.rehearsal) | {"verdict": said})
    assert (found["verdict"], found["result"]) == (verdict, said)
    assert f"2 days ago, ended {said}; the last pass was 2026-06-29." in found["detail"]
    never = dict(WELL.rehearsal) | {"verdict": said, "last_pass_at": None}
    assert fact("rehearsal", rehearsal=never)["detail"].endswith("none has passed yet.")


def test_a_pass_that_is_too_old_proves_nothing_any_more() -> None:
    old = dict(WELL.rehearsal) | {"at": "2026-06-17T11:59:59Z"}
    found = fact("rehearsal", rehearsal=old)
    assert found["verdict"] == "unknown" and "too long ago" in found["detail"]


# --- the RTO --------------------------------------------------------------------------------------
def test_the_target_stands_beside_the_forecast() -> None:
    found = fact("rto")
    assert (found["verdict"], found["target_seconds"], found["forecast"]) == ("ok", 60, FORECAST)
    assert found["detail"].startswith("RTO target 60 s; forecast (not measured): reads p50 31 s,")
    assert (found["actual_seconds"], found["actual_from"]) == (None, None)


def test_a_forecast_that_misses_the_target_needs_attention_in_readiness_too() -> None:
    slow = json.dumps({**FORECAST, "writes": {"p50": 32, "p99": 61}})
    found = fact("rto", rehearsal={**WELL.rehearsal, "forecast": slow})
    assert found["verdict"] == "attention"
    assert found["detail"].endswith("The p99 of writes misses the target.")
    check = {"name": "rto_forecast", "required": False, "state": "failed", "detail": "slow"}
    amber = fact("readiness", readiness={**READINESS, "checks": json.dumps([check])})
    assert (amber["verdict"], amber["result"]) == ("attention", "ready"), "nothing is blocked"
    unknown = json.dumps([{**check, "state": "unknown"}])
    assert fact("readiness", readiness={**READINESS, "checks": unknown})["verdict"] == "ok"


@pytest.mark.parametrize("forecast", [None, "{", '{"unknown": "a clock was off"}', "[]"])
def test_without_a_forecast_the_rto_is_unknown(forecast: str | None) -> None:
    found = fact("rto", rehearsal={**WELL.rehearsal, "forecast": forecast})
    assert (found["verdict"], found["forecast"]) == ("unknown", None)
    assert "no forecast: " in found["detail"]


def test_the_last_actual_stands_beside_the_target_of_its_day_and_says_whose_it_was() -> None:
    given = {"control": FAILED_OVER.control, "recoveries": FAILED_OVER.recoveries}
    found = fact("rto", **given)
    assert (found["verdict"], found["actual_seconds"]) == ("ok", 60.5), "it is over"
    assert found["actual_from"] == "first failed probe (sentinel)"
    assert found["detail"].endswith(
        "Last drill, epoch 2: RTO target 60 s; actual 60.5 s, from the first failed probe "
        "(sentinel) to confirmed traffic, which is not what users saw. It missed the target."
    )


def test_a_planned_move_is_no_recovery_and_has_no_rto() -> None:
    move = {**RECORD, "epoch": 3, "mode": "switchover"}
    control = {**FAILED_OVER.control, "epoch": 3}
    assert (
        "Last drill, epoch 2" in fact("rto", control=control, recoveries=[move, RECORD])["detail"]
    )
    assert fact("rto", control=control, recoveries=[move, {}])["actual_seconds"] is None
    broken = {"error": "Throttled"}
    assert fact("rto", control=control, recoveries=[broken, RECORD])["actual_seconds"] == 60.5


# --- replication ----------------------------------------------------------------------------------
def test_the_oldest_of_the_newest_heartbeats_counts_against_the_objective() -> None:
    found = fact("replication")
    assert (found["seconds"], found["limit_seconds"]) == (30.0, 120)
    ahead = dict(WELL.heartbeats) | {"oldest_written_at": MS + 1}
    assert fact("replication", heartbeats=ahead)["seconds"] == 0.0
    beats = dict(WELL.heartbeats) | {"oldest_written_at": MS - 121_000}
    assert fact("replication", heartbeats=beats)["verdict"] == "attention"


def test_a_key_that_is_not_held_makes_the_lag_unknown() -> None:
    beats = dict(WELL.heartbeats) | {"held": 15, "oldest_written_at": None}
    found = fact("replication", heartbeats=beats)
    assert found["verdict"] == "unknown" and "15 of 16" in found["detail"]


def test_heartbeats_from_the_future_make_the_lag_unknown() -> None:
    beats = dict(WELL.heartbeats) | {"from_the_future": 1, "oldest_written_at": None}
    found = fact("replication", heartbeats=beats)
    assert found["verdict"] == "unknown" and "from the future" in found["detail"]


def test_a_passive_primary_is_judged_by_its_one_heartbeat() -> None:
    beats = {"newest": MS - 80_000, "keys": 16, "held": 1, "oldest_written_at": None}
    given = {"control": FAILED_OVER.control, "recoveries": FAILED_OVER.recoveries}
    found = fact("replication", heartbeats=beats, **given)
    assert (found["verdict"], found["seconds"], found["limit_seconds"]) == ("ok", 80.0, 90.0)
    assert found["detail"].startswith("The passive Primary's heartbeat held here is 80 s old;")
    silent = fact("replication", heartbeats=beats | {"newest": MS - 91_000}, **given)
    assert silent["verdict"] == "attention"


# --- ledger ---------------------------------------------------------------------------------------
def test_an_open_entry_needs_attention_and_tells_its_kinds() -> None:
    found = fact("ledger", ledger={"open": 2, "late": 1, "lost": 2, "unknown": 0})
    assert (found["verdict"], found["open"], found["late"], found["lost"]) == ("attention", 2, 1, 2)
    assert "Open entries: 2 (1 late, 2 lost, 0 unknown)." in found["detail"]


def test_an_entry_whose_kind_nobody_can_tell_needs_attention_too() -> None:
    found = fact("ledger", ledger={"open": 1, "late": 0, "lost": 0, "unknown": 1})
    assert (found["verdict"], found["unknown"]) == ("attention", 1)
