"""The report of a run: its figures, its names, and that whatever is missing is not made up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pilot_light_client import timestamps
from pilotlight.reporting.report import NO_RTO, RTO_MEANS, Deployed, InvalidReport, prefix, report
from pilotlight.shared.validation import violation

from tests.unit.functions.failover.decision_cases import NOW, confirm, decided, evidence, ready

ROOT = Path(__file__).resolve().parents[4]
SCHEMA = json.loads((ROOT / "functions" / "report" / "report.schema.json").read_text())
LAB_SCHEMA = json.loads((ROOT / "lab" / "schemas" / "report.schema.json").read_text())
WHERE = Deployed("us-west-2", "us-east-2", "app.pilotlight.example", 2, 60.0)
EXECUTION = "arn:aws:states:us-east-2:123456789012:execution:pilot-light-failover:4f1c-aa"


def at(seconds: float) -> str:
    return timestamps.text(NOW + timedelta(seconds=seconds))


def told(**changes: Any) -> dict[str, Any]:
    """What the machine tells of a failover that promoted, but for what is given."""
    return {
        "kind": "failover",
        "execution": EXECUTION,
        "outcome": "promoted",
        "summary": "us-east-2 is the active Region.",
        "request": {"mode": "failover", "reason": "Threshold Crossed", "trigger": "alarm"},
        "control": {"active_region": "us-west-2", "epoch": 1, "state": "serving"},
        "decision": decided().as_dict(),
        "evidence": evidence(),
        "timeline": {
            "started_at": at(28),
            "decided_at": at(31.4),
            "promoted_at": at(32),
            "traffic_confirmed_at": at(44),
        },
        "traffic": {"region": "us-east-2"},
        "epoch": 2,
        **changes,
    }


def reported(**changes: Any) -> dict[str, Any]:
    found = report(told(**changes), WHERE, NOW + timedelta(seconds=46))
    assert violation(json.loads(json.dumps(found)), SCHEMA) is None
    return found


def test_the_recovery_time_is_from_the_first_failed_probe_to_confirmed_traffic() -> None:
    found = reported()
    assert found["rto_seconds"] == 54.0, "the sentinel saw it ten seconds before NOW"
    assert found["rto_detail"] == RTO_MEANS
    assert [(s["name"], s["seconds"]) for s in found["stages"]] == [
        ("detection", 38.0),
        ("decision", 3.4),
        ("promotion", 0.6),
        ("traffic", 12.0),
    ]
    assert sum(s["seconds"] for s in found["stages"]) == pytest.approx(found["rto_seconds"])


@pytest.mark.parametrize(("target", "within"), [(54.0, True), (53.9, False)])
def test_a_recovery_is_compared_with_the_target(target: float, within: bool) -> None:
    found = report(told(), replace(WHERE, rto_target=target), NOW + timedelta(seconds=46))
    assert (found["rto_target_seconds"], found["within_target"]) == (target, within)
    assert f"RTO target {target:g} s; actual 54 s, from the first f" in found["rto_target_detail"]
    assert "which is not what users saw" in found["rto_target_detail"]
    assert found["rto_forecast"] is None


def test_a_recovery_that_was_none_has_no_actual() -> None:
    found = reported(outcome="held")
    assert (found["within_target"], found["rto_target_seconds"]) == (None, 60)
    assert found["rto_target_detail"] == "RTO target 60 s; actual unknown."


FORECAST = {
    "reads": {"p50": 31, "p99": 42},
    "writes": {"p50": 32, "p99": 45},
    "stages": [{"name": "<claim>", "basis": "measured", "p50": 0.3, "p99": 0.3}],
}
REHEARSED = {"kind": "rehearsal", "outcome": "rehearsed", "verdict": "PASS"}


def test_a_rehearsal_tells_its_forecast_beside_the_target_and_no_actual() -> None:
    found = reported(**REHEARSED, forecast=FORECAST)
    assert (found["rto_seconds"], found["within_target"]) == (None, True)
    assert found["rto_forecast"] == FORECAST
    assert found["rto_target_detail"] == (
        "RTO target 60 s; forecast (not measured): reads p50 31 s, p99 42 s; "
        "writes p50 32 s, p99 45 s."
    )


@pytest.mark.parametrize(
    ("forecast", "why"),
    [({"unknown": "a clock was off"}, "a clock was off"), ({}, "no rehearsal"), (None, "no reh")],
)
def test_a_rehearsal_without_a_forecast_is_reported_all_the_same(forecast: Any, why: str) -> None:
    found = reported(**REHEARSED, forecast=forecast)
    assert found["within_target"] is None
    assert f"no forecast: {why}" in found["rto_target_detail"]


def test_a_planned_move_has_no_target() -> None:
    found = reported(kind="failback", outcome="switched_over", forecast=FORECAST)
    assert (found["rto_target_seconds"], found["rto_target_detail"]) == (None, "")
    assert found["rto_forecast"] is None


def test_the_rpo_is_an_estimate_and_what_was_lost_is_not_known() -> None:
    found = reported()
    assert (found["rpo_estimate_seconds"], found["rpo_seconds"]) == (1.5, None)
    assert "journal" in found["rpo_detail"]


def test_a_run_that_saw_its_probe_fail_itself_counts_from_its_start() -> None:
    decision = decided().as_dict()
    decision["rpo_estimate"]["first_failed_at"] = at(30)
    found = reported(decision=decision)
    assert found["rto_seconds"] == 16.0
    assert "actual 16 s, from the start of the run to confirmed" in found["rto_target_detail"]


@pytest.mark.parametrize(
    "changes",
    [
        {"decision": {}},
        {"decision": {"rpo_estimate": {"first_failed_at": "yesterday"}}},
        {"outcome": "held"},
        {"outcome": "failed"},
        {"kind": "rehearsal", "outcome": "rehearsed"},
        {"timeline": {"started_at": at(28)}},
    ],
)
def test_there_is_no_recovery_time_where_nothing_was_recovered_from(changes: Any) -> None:
    found = reported(**changes)
    assert (found["rto_seconds"], found["rto_detail"]) == (None, NO_RTO)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "pass"),
        ({"kind": "drill"}, "pass"),
        ({"kind": "failback", "outcome": "switched_over"}, "pass"),
        ({"outcome": "held"}, "inconclusive"),
        ({"kind": "switchover", "outcome": "refused"}, "inconclusive"),
        ({"outcome": "failed"}, "fail"),
        ({"kind": "rehearsal", "outcome": "rehearsed", "verdict": "PASS"}, "pass"),
        ({"kind": "rehearsal", "outcome": "held", "verdict": "FAIL"}, "fail"),
        ({"kind": "rehearsal", "outcome": "rehearsed", "verdict": "INCONCLUSIVE"}, "inconclusive"),
        ({"kind": "rehearsal", "outcome": "rehearsed"}, "inconclusive"),
        ({"kind": "rehearsal", "outcome": "failed", "verdict": "PASS"}, "fail"),
    ],
)
def test_the_verdict_says_whether_the_run_did_what_it_was_for(changes: Any, verdict: str) -> None:
    assert reported(**changes)["verdict"] == verdict


def test_every_condition_is_a_check_with_its_detail() -> None:
    given = evidence(confirm=confirm((True,) * 3, "healthy"), readiness=ready(), warm=None)
    checks = {c["name"]: c for c in reported(decision=decided(given).as_dict())["checks"]}
    assert len(checks) == 6
    assert checks["outage_confirmed"]["passed"] is False
    assert checks["outage_confirmed"]["observed"] is True
    assert checks["functions_warm"]["observed"] is False
    assert checks["secondary_ready"]["detail"] == "2 checks passed."


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ({}, ("us-east-2", 2)),
        ({"outcome": "held"}, ("us-west-2", 1)),
        ({"control_after": {"active_region": "us-west-2", "epoch": 3}}, ("us-west-2", 3)),
        ({"outcome": "failed", "failure": {"step": "Promote"}}, None),
        ({"outcome": "held", "control": {}}, None),
    ],
)
def test_the_control_item_afterwards_is_told_where_it_is_known(changes: Any, after: Any) -> None:
    found = reported(**changes)["control"]["after"]
    assert (found and (found["active_region"], found["epoch"])) == after


def test_a_switchover_s_moments_make_its_stages_whatever_they_are_called() -> None:
    timeline = {"started_at": at(0), "drained_at": at(2), "caught_up_at": at(3), "junk": 1}
    found = reported(
        kind="switchover", outcome="switched_over", timeline=timeline, drain={"until": 1}
    )
    assert [(s["name"], s["seconds"]) for s in found["stages"]] == [("drain", 2), ("caught up", 1)]
    assert found["drain"] == {"until": 1}


def test_a_run_that_failed_at_once_is_reported_with_what_is_known() -> None:
    bare = {
        "kind": "drill",
        "execution": EXECUTION,
        "outcome": "failed",
        "timeline": {"started_at": at(0)},
    }
    found = report(bare, WHERE, NOW)
    assert violation(json.loads(json.dumps(found)), SCHEMA) is None
    assert (found["stages"], found["checks"], found["control"]["before"]) == ([], [], None)


def test_reports_have_a_prefix_by_kind_start_and_execution() -> None:
    assert prefix(told()) == "reports/failover/20260131T120028Z-4f1c-aa"


@pytest.mark.parametrize(
    ("name", "stored"),
    [("drill+2026", "drill%2B2026"), ("../../x", "..%2F..%2Fx"), ("a=b@c", "a%3Db%40c")],
)
def test_every_name_that_an_execution_can_have_has_a_report(name: str, stored: str) -> None:
    assert prefix(told(execution=f"arn:aws:states:x:1:execution:m:{name}")).endswith(f"Z-{stored}")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "panic"}, "'panic' is none of failover, drill"),
        ({"kind": None}, "None is none of"),
        ({"execution": ""}, "no ARN"),
        ({"timeline": {}}, "no started_at"),
        ({"timeline": {"started_at": "2026-01-31"}}, "no started_at"),
    ],
)
def test_what_does_not_say_what_it_is_of_is_refused(changes: Any, says: str) -> None:
    with pytest.raises(InvalidReport, match=says):
        prefix(told(**changes))


def test_what_the_lab_s_report_tells_too_has_the_same_name_and_type() -> None:
    ours, labs = SCHEMA["properties"], LAB_SCHEMA["properties"]
    for name in ("stages", "checks", "timeline"):
        mine, theirs = (s[name]["items"]["properties"] for s in (ours, labs))
        assert set(theirs) <= set(mine), name
        assert {k: mine[k].get("type", "boolean") for k in theirs} == {
            k: v["type"] for k, v in theirs.items()
        }
    same = {"rpo_estimate_seconds", "regions", "public_name", "id", "started_at"}
    for name in same:
        assert ours[name]["type"] == labs[name]["type"], name
    assert set(labs["verdict"]["enum"]) < set(ours["verdict"]["enum"])
    shared = {"execution", "decision", "checks"}
    assert shared <= set(labs["evidence"]["properties"])
    assert shared == set(ours["evidence"]["properties"])
