"""The drill itself, as `make drill` runs it: real template, real deployments, a real recovery."""

from __future__ import annotations

import subprocess

import jsonschema
import pytest

from lab.config import ROOT
from tests.e2e import drills
from tests.unit.lab.drill.report.sample_report import closed_schema
from tools.audit.calls import recorded
from tools.audit.planes import spared

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def processes_of_a_lab() -> list[str]:
    listed = subprocess.run(["ps", "-eo", "args="], capture_output=True, text=True, check=True)
    run = str(ROOT / ".lab" / "run")
    return [line for line in listed.stdout.splitlines() if run in line or "fork_server" in line]


@pytest.fixture(scope="module")
def drill(tmp_path_factory):
    reports, temporary = tmp_path_factory.mktemp("reports"), tmp_path_factory.mktemp("tmp")
    drill = drills.run(reports, TMPDIR=str(temporary))
    return drill, drill.report, drill.place, temporary


def test_the_drill_passes_and_says_so_by_its_exit_code(drill):
    ended, report, _, _ = drill
    assert (ended.failed, report["verdict"], ended.exit_code) == ([], "pass", 0), ended.said


def test_the_outcome_is_a_promotion_by_the_alarm(drill):
    _, report, _, _ = drill
    assert report["outcome"] == "promoted"
    assert [n["event"] for n in report["notifications"]] == ["started", "promoted"]


def test_the_stages_add_up_to_the_recovery_time_of_writes_and_all_but_two_to_that_of_reads(drill):
    _, report, _, _ = drill
    stages, clock = report["stages"], report["clock"]
    assert [s["name"] for s in stages[-2:]] == ["lease", "write"]
    for kind, parts in (("write", stages), ("read", stages[:-2])):
        at_aws, here = (sum(s[of] for s in parts) for of in ("seconds", "wall_seconds"))
        assert report[f"rto_{kind}_seconds"] == pytest.approx(at_aws, abs=0.02)
        assert clock[f"rto_{kind}_wall_seconds"] == pytest.approx(here, abs=0.02)


def test_the_lease_is_waited_out_in_real_seconds_between_the_claim_and_the_first_write(drill):
    _, report, _, _ = drill
    at = {m["name"]: m["at"] for m in report["milestones"]}
    assert 5.0 <= at["serving"] - at["claimed"] <= 7.0
    states = [(c["revision"], c["state"]) for c in report["control"]]
    assert states[:3] == [(1, "serving"), (2, "claimed"), (3, "serving")]


def test_the_returned_primary_took_no_write(drill):
    _, report, _, _ = drill
    assert report["returned"]["taken"] == 0
    assert report["returned"]["forwarded"] > 0


def test_no_write_older_than_the_lag_was_lost(drill):
    _, report, _, _ = drill
    assert report["client"]["acknowledged_writes"] > 0
    assert report["rpo_seconds"] <= 0.5 + 0.25


def test_every_recorded_call_of_the_path_is_data_plane_and_in_the_secondary(drill):
    _, report, _, _ = drill
    secondary = report["regions"]["secondary"]
    calls = [
        call
        for call in recorded(report["evidence"]["calls"])
        if not spared(call.role, call.action, call.region, secondary)
    ]
    roles = {call.role for call in calls}
    assert {"FailoverRole", "ReadinessRole", "WarmRole", "SwitchRole"} <= roles
    assert "ExampleAppRole" in roles
    assert {(c.plane.plane, c.region) for c in calls} == {("data", secondary)}


def test_the_report_is_what_its_schema_says_and_a_page_beside_it(drill):
    _, report, place, _ = drill
    jsonschema.validate(report, closed_schema())
    assert "Failover drill: PASS" in (place / "report.html").read_text()


def test_nothing_is_left_running_or_lying_about(drill):
    _, _, _, temporary = drill
    assert processes_of_a_lab() == []
    assert not (ROOT / ".lab" / "run").exists()
    assert list(temporary.iterdir()) == []
