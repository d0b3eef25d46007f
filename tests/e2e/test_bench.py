"""The benchmark, as `make bench` runs it, with one outage and one user of each design."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from lab.config import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    reports, temporary = tmp_path_factory.mktemp("reports"), tmp_path_factory.mktemp("tmp")
    ended = subprocess.run(
        [sys.executable, "-m", "tools.bench", "--outages=1", "--users=1", f"--reports={reports}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
        check=False,
    )
    report = reports / "latest" / "bench.json"
    assert report.exists(), ended.stdout + ended.stderr
    return ended, json.loads(report.read_text()), temporary


def test_every_design_has_its_figures_and_the_exit_code_says_measured(bench):
    ended, report, _ = bench
    assert (ended.returncode, report["unrecovered"]) == (0, 0), ended.stdout
    for design in report["designs"]:
        mean = sum(stage["mean"] for stage in design["stages"])
        assert mean == pytest.approx(design["rto_write_seconds"]["p50"], abs=0.05), design["design"]


def test_each_design_moved_by_its_own_means(bench):
    _, report, _ = bench
    [outage] = report["outages"]
    assert outage["outcome"] == "promoted"
    stages = {d["design"]: [s["name"] for s in d["stages"]] for d in report["designs"]}
    assert stages["plain"] == ["detection", "resolver"]
    assert stages["immediate"] == ["detection", "resolver", "start", "claim", "lease"]
    assert {"detection", "claim", "dns", "lease", "write"} <= set(stages["orchestrated"])


def test_the_plain_design_waits_for_its_three_slow_probes(bench):
    _, report, _ = bench
    plain = next(d for d in report["designs"] if d["design"] == "plain")
    # Two full intervals of 30 s lie between the first and the third failed probe.
    assert plain["stages"][0]["p50"] > 60


def test_nothing_is_left_running_or_lying_about(bench):
    _, _, temporary = bench
    assert not (ROOT / ".lab" / "run").exists()
    assert list(temporary.iterdir()) == []
