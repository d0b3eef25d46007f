"""The benchmark, as `make bench` runs it, with one outage of each style for each of our designs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from lab.config import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(900)]


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


def designs(report):
    return [(part["style"], d) for part in report["styles"] for d in part["designs"]]


def test_every_design_has_its_figures_and_the_exit_code_says_measured(bench):
    ended, report, _ = bench
    assert (ended.returncode, report["unrecovered"]) == (0, 0), ended.stdout
    for style, design in designs(report):
        lost = [
            user["rto_write_seconds"]
            for outage in report["outages"]
            for user in outage["users"]
            if (outage["style"], user["design"]) == (style, design["design"])
        ]
        stages = sum(stage["mean"] for stage in design["stages"])
        assert stages == pytest.approx(sum(lost) / len(lost), abs=0.05), (style, design["design"])


def test_each_design_moved_by_its_own_means(bench):
    _, report, _ = bench
    assert [o["outcome"] for o in report["outages"]] == ["promoted"] * 6
    for style, design in designs(report):
        stages = [s["name"] for s in design["stages"]]
        if design["design"] in ("standard", "fast"):
            assert {"detection", "claim", "dns", "lease", "write"} <= set(stages), style
        else:
            assert stages == ["detection", "resolver"], (style, design["design"])


def test_the_plain_design_waits_for_its_three_slow_probes(bench):
    _, report, _ = bench
    for style, design in designs(report):
        if design["design"] == "plain":
            # Two full intervals of 30 s lie between the first and the third failed probe.
            assert design["stages"][0]["p50"] > 60, style


def test_nothing_is_left_running_or_lying_about(bench):
    _, _, temporary = bench
    assert not (ROOT / ".lab" / "run").exists()
    assert list(temporary.iterdir()) == []
