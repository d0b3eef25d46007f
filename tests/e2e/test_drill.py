"""The drill itself, as `make drill` runs it: real template, real deployments, a real recovery."""

from __future__ import annotations

import json
import subprocess

import jsonschema
import pytest

from lab.audit.calls import recorded
from lab.config import ROOT
from tests.e2e import drills

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


def test_the_stages_add_up_to_the_recovery_time(drill):
    _, report, _, _ = drill
    assert report["rto_seconds"] == pytest.approx(
        sum(s["seconds"] for s in report["stages"]), abs=0.01
    )
    assert report["clock"]["rto_wall_seconds"] == pytest.approx(
        sum(s["wall_seconds"] for s in report["stages"]), abs=0.01
    )


def test_no_write_older_than_the_lag_was_lost(drill):
    _, report, _, _ = drill
    assert report["client"]["acknowledged_writes"] > 0
    assert report["rpo_seconds"] <= 0.5 + 0.25


def test_every_recorded_call_of_the_path_is_data_plane_and_in_the_secondary(drill):
    _, report, _, _ = drill
    calls = recorded(report["evidence"]["calls"])
    roles = {call.role for call in calls}
    assert {"FailoverRole", "ReadinessRole", "WarmRole", "AppRole", "SwitchRole"} <= roles
    assert {(c.plane.plane, c.region) for c in calls} == {("data", report["regions"]["secondary"])}


def test_the_report_is_what_its_schema_says_and_a_page_beside_it(drill):
    _, report, place, _ = drill
    schema = json.loads((ROOT / "lab/schemas/report.schema.json").read_text())
    jsonschema.validate(report, schema)
    assert "Failover drill: PASS" in (place / "report.html").read_text()


def test_nothing_is_left_running_or_lying_about(drill):
    _, _, _, temporary = drill
    assert processes_of_a_lab() == []
    assert not (ROOT / ".lab" / "run").exists()
    assert list(temporary.iterdir()) == []
