"""The report of a drill: valid whatever was seen, and honest about what was not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from lab.drill.observations import Notification
from lab.drill.outage.expectations import expectation
from lab.drill.report.report import report
from tests.unit.lab.drill.report.sample_report import closed_schema
from tests.unit.lab.drill.samples import (
    OUTAGE,
    STATES,
    call,
    execution,
    failed,
    nothing,
    passing,
    request,
    states,
    unrecovered,
)
from tests.unit.lab.engine.fakes import PRIMARY, SECONDARY, VIRGINIA

if TYPE_CHECKING:
    from lab.drill.observations import Observations

FAILED = execution(status="FAILED", output={"error": None, "cause": None}, states=[])
DRILLS: dict[str, tuple[Observations, str, str]] = {
    "all went well": (passing(), "pass", "promoted"),
    "no execution": (unrecovered(), "fail", "none"),
    "nothing at all": (nothing(), "fail", "none"),
    "a failed execution": (passing(executions=[FAILED]), "fail", "failed"),
    "a run that has not ended": (
        passing(executions=[execution(status="RUNNING", output={}, ended=None)]),
        "fail",
        "none",
    ),
    "no failed requests": (passing(requests=[request(1, 1.1, PRIMARY)]), "fail", "promoted"),
    "no good answer": (passing(requests=[failed(1, 1.1)]), "fail", "promoted"),
    "one check failed": (passing(lock={"owner": "run"}), "fail", "promoted"),
}


@pytest.mark.parametrize(("seen", "verdict", "outcome"), DRILLS.values(), ids=DRILLS)
def test_every_drill_has_a_valid_report(seen: Observations, verdict: str, outcome: str) -> None:
    found = report(seen)
    jsonschema.validate(found, closed_schema())
    assert (found["verdict"], found["outcome"]) == (verdict, outcome)
    assert [c["name"] for c in found["checks"]] == [
        check.__name__ for check in expectation("region", seen.primary).checks
    ]
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("outcome", ["dropped", "duplicate", "rehearsed", "held"])
def test_a_run_that_ended_in_any_other_way_has_a_report_too(outcome: str) -> None:
    found = report(unrecovered(executions=[execution(output={"outcome": outcome}, states=[])]))
    assert found["verdict"] == "fail"
    promoted = next(c for c in found["checks"] if c["name"] == "recovery_promoted")
    assert f"outcome {outcome}." in promoted["detail"]


def test_the_rto_is_told_twice_and_is_the_sum_of_the_stages_at_awss_intervals() -> None:
    found = report(passing())
    read = pytest.approx(10 * (7.95 + 6 + 0.74 + 0.85) + 1.86)
    assert found["rto_read_seconds"] == read
    assert found["rto_write_seconds"] == pytest.approx(sum(s["seconds"] for s in found["stages"]))
    assert found["rto_write_seconds"] > found["rto_read_seconds"]
    assert found["clock"] == {
        "speed": 10.0,
        "rto_read_wall_seconds": pytest.approx(17.4),
        "rto_write_wall_seconds": pytest.approx(20.95),
    }


def test_who_acknowledged_writes_and_the_control_item_s_revisions_are_told() -> None:
    found = report(passing())
    assert [(w["region"], w["epoch"], w["writes"]) for w in found["writers"][:2]] == [
        (PRIMARY, 1, 4),
        (SECONDARY, 2, 2),
    ]
    assert [(c["revision"], c["state"]) for c in found["control"]] == [
        (1, "serving"),
        (2, "claimed"),
        (3, "serving"),
    ]


def test_without_a_recovery_no_figure_is_made_up() -> None:
    found = report(unrecovered())
    assert (found["rto_read_seconds"], found["rto_write_seconds"]) == (None, None)
    assert (found["rpo_seconds"], found["stages"]) == (None, [])
    assert found["clock"]["rto_write_wall_seconds"] is None
    assert found["client"]["missing_writes"] is None
    assert found["evidence"] == {"execution": None, "decision": {}, "checks": {}, "calls": []}


def test_a_promotion_whose_writes_nobody_could_count_loses_none_on_paper() -> None:
    found = report(passing(held_after_promotion=None))
    assert (found["verdict"], found["rpo_seconds"]) == ("fail", None)
    assert found["client"]["missing_writes"] is None


def test_what_was_lost_is_counted() -> None:
    found = report(passing())
    assert found["rpo_seconds"] == pytest.approx(0.4)
    assert found["client"]["acknowledged_writes"] == found["acknowledged_writes"] == 7
    assert found["client"]["missing_writes"] == 1
    assert (found["client"]["requests"], found["client"]["failed"]) == (65, 40)


def test_what_became_of_every_write_is_told() -> None:
    found = report(passing())
    fates = [found[f"{of}_writes"] for of in ("acknowledged", "present", "ledger", "lost")]
    assert fates == [7, 5, 2, 0]
    assert found["refused_write_seconds"] == pytest.approx(5.0)
    assert found["failback"]["outcome"] == "switched_over"
    assert found["failback"]["proven_writes"] == 3
    assert [e["write_id"] for e in found["failback"]["ledger"]] == ["write-2", "write-9"]
    assert "not for the report" not in str(found["failback"])


def test_without_a_failback_nobody_knows_what_became_of_the_writes() -> None:
    found = report(passing(failback=None))
    assert found["verdict"] == "fail"
    unknown = ("present_writes", "ledger_writes", "lost_writes", "refused_write_seconds")
    assert [found[name] for name in (*unknown, "failback")] == [None] * 5


def test_the_report_is_named_after_the_moment_the_drill_began() -> None:
    found = report(passing())
    assert (found["id"], found["started_at"]) == ("20270115T075955Z", "2027-01-15T07:59:55.000Z")
    assert found["ended_at"] == "2027-01-15T08:00:40.000Z"


def test_the_speed_is_explained_in_words() -> None:
    text = " ".join(report(passing(speed=5.0, replication_lag=1.5))["modelled"])
    assert "5 times faster" in text
    assert "a tenth of a second here counts as 0.5 s" in text
    assert "a lag of 1.5 s" in text
    assert "{" not in text


def test_whether_cold_starts_were_modelled_is_said() -> None:
    text = " ".join(report(passing())["modelled"])
    assert "Lambda's cold starts: a new environment is ready after" in text
    text = " ".join(report(passing(cold_starts=False))["modelled"])
    assert "Lambda's cold starts are not modelled" in text


def slots(*requests: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = report(passing(requests=list(requests)))["client"]["slots"]
    return found


def test_a_slot_is_half_a_second_from_the_outage_on() -> None:
    assert slots(
        request(-0.3, -0.1, PRIMARY),
        request(-0.2, 0.0, PRIMARY),
        failed(0.1, 0.49),
        failed(0.2, 0.5),
    ) == [
        {"at": -0.5, "failed": 0, "good": {PRIMARY: 1}},
        {"at": 0.0, "failed": 1, "good": {PRIMARY: 1}},
        {"at": 0.5, "failed": 1, "good": {}},
    ]


def test_slots_without_requests_are_there_and_empty() -> None:
    found = slots(failed(0.1, 0.2), request(1.6, 1.7, SECONDARY))
    assert [s["at"] for s in found] == [0.0, 0.5, 1.0, 1.5]
    assert [s["failed"] + sum(s["good"].values()) for s in found] == [1, 0, 0, 1]


def test_answers_in_a_slot_are_counted_by_region() -> None:
    found = slots(*(request(1, 1.1, r) for r in (PRIMARY, SECONDARY, SECONDARY, None)))
    assert found == [{"at": 1.0, "failed": 0, "good": {PRIMARY: 1, SECONDARY: 2, "unknown": 1}}]


def test_a_drill_without_requests_has_no_slots() -> None:
    assert slots() == []


def test_the_milestones_are_the_moments_that_came() -> None:
    assert {m["name"]: m["at"] for m in report(passing())["milestones"]} == {
        "outage": 0.0,
        "alarm": 14.0,
        "claimed": 15.86,
        "serving": 20.88,
        "DNS moved": 16.6,
        "healed": 22.6,
        "drained": 33.1,
        "moved back": 38.3,
    }
    assert [m["name"] for m in report(unrecovered())["milestones"]] == ["outage", "alarm"]


def test_a_claim_that_was_refused_is_no_milestone() -> None:
    refused = {n: m for n, m in STATES.items() if m[1] <= 15.86} | {"NotifyFailure": (16.0, 16.1)}
    run = execution(status="FAILED", output={}, states=states(refused))
    found = report(unrecovered(executions=[run]))
    assert "claimed" not in [m["name"] for m in found["milestones"]]
    assert "claim" not in [e["what"] for e in found["timeline"]]


def test_the_timeline_is_in_order_and_holds_lab_machine_and_client() -> None:
    timeline = report(passing())["timeline"]
    assert [e["at"] for e in timeline] == sorted(e["at"] for e in timeline)
    told = {(e["what"], e["state"]): e["at"] for e in timeline}
    assert told["client", "first failed request"] == 0.05
    assert told["client", "first good read"] == 17.45
    assert told["client", "first good write"] == 21.0
    assert told["claim", "made"] == 15.86
    assert told["lease", "over, us-east-2 serves"] == 20.88
    assert told["control item", "us-east-2 claimed, epoch 2, revision 2"] == 16.1
    assert told["state Decide", "entered"] == 15.8
    assert told["alarm pilot-light-primary-unhealthy", "ALARM"] == 14.0


def test_notifications_are_told_in_the_order_in_which_they_were_sent() -> None:
    sent = [Notification(OUTAGE + at, event, event) for at, event in ((9, "b"), (8, "a"))]
    found = report(passing(notifications=sent))["notifications"]
    assert found == [
        {"at": 8.0, "event": "a", "subject": "a"},
        {"at": 9.0, "event": "b", "subject": "b"},
    ]


def test_calls_are_counted_by_role_region_service_and_operation() -> None:
    calls = [call(), call(VIRGINIA), call(), call(PRIMARY, caller=PRIMARY)]
    found = report(passing(calls=calls))["evidence"]["calls"]
    assert [(c["region"], c["operation"], c["count"]) for c in found] == [
        (VIRGINIA, "GetItem", 1),
        (SECONDARY, "GetItem", 2),
    ]


def test_the_evidence_holds_what_the_machine_decided_and_saw() -> None:
    found = report(passing())["evidence"]
    assert found["execution"] == execution().arn
    assert found["decision"] == execution().output["decision"]
    assert found["checks"] == {"confirm": {"verdict": "outage"}}
