"""Drills of the examples under Pilot Light, each at a level, as a person runs them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e import drills
from tests.e2e.applications import (
    EXAMPLES,
    add_node_client,
    add_python_client,
    at_level,
    behind_own_domain,
    needs_sdk,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


def drilled(folder: Path, reports: Path) -> dict[str, Any]:
    drill = drills.run(reports, "--app", str(folder))
    assert (drill.failed, drill.exit_code) == ([], 0), drill.said
    return drill.report


@needs_sdk
@pytest.mark.long
def test_ten_changed_lines_of_an_application_in_nodejs_make_it_fenced(tmp_path: Path) -> None:
    report = drilled(at_level(1, "orders-node", tmp_path, add_node_client), tmp_path / "reports")
    passed = {c["name"] for c in report["checks"]}
    assert "the returned Primary took no write" in passed
    assert "no write was lost: there is no journal" in report["verdict"]
    assert "Replication was seen, not proven" in report["failback"]["summary"]


@needs_sdk
@pytest.mark.long
def test_five_lines_more_make_its_moves_proven(tmp_path: Path) -> None:
    report = drilled(at_level(2, "orders-node", tmp_path, add_node_client), tmp_path / "reports")
    passed = {c["name"] for c in report["checks"]}
    assert {"no acknowledged write vanished", "claims no more than it saw"} <= passed
    proof = report["failback"]["proof"]
    assert proof["proven"]
    assert (proof["unreadable"], proof["compared"]) == (0, proof["writes"])


@needs_sdk
@pytest.mark.long
def test_an_application_that_nobody_changed_is_routed_and_told_so(tmp_path: Path) -> None:
    folder = tmp_path / "orders-node"
    shutil.copytree(EXAMPLES / "orders-node", folder)
    report = drilled(folder, tmp_path / "reports")
    assert report["level"] == 0
    assert "two Regions took writes" in report["verdict"]
    assert "Nothing stopped its writes" in report["failback"]["summary"]


@pytest.mark.long
def test_an_application_that_writes_by_transactions_is_journaled(tmp_path: Path) -> None:
    folder = at_level(2, "notes", tmp_path, add_python_client)
    report = drilled(folder, tmp_path / "reports")
    passed = {c["name"] for c in report["checks"]}
    assert "no acknowledged write vanished" in passed
    assert "Compared before the claim" in report["failback"]["summary"]


@pytest.mark.long
def test_a_queue_worker_is_fenced(tmp_path: Path) -> None:
    folder = at_level(1, "queue-worker", tmp_path, add_python_client)
    assert drilled(folder, tmp_path / "reports")["level"] == 1


@pytest.mark.long
def test_an_application_behind_its_own_domain_gives_its_name_as_target(tmp_path: Path) -> None:
    folder = behind_own_domain(at_level(1, "queue-worker", tmp_path, add_python_client))
    declared, pinged = (
        folder / "pilotlight.toml",
        'functions = ["jobs-api:live", "jobs-worker:live"]',
    )
    assert pinged in declared.read_text()
    # As if its functions answered no pings.
    declared.write_text(declared.read_text().replace(pinged, 'warm_paths = ["/health"]'))
    report = drilled(folder, tmp_path / "reports")
    assert report["level"] == 1
    assert report["failover"]["outcome"] == "promoted"
    assert report["failback"]["outcome"] == "switched_over"
    warm = [
        condition
        for run in (report["failover"], report["failback"])
        for condition in run["decision"]["conditions"]
        if condition["name"] in ("functions_warm", "target_warm")
    ]
    answered = "1 of 1 paths were requested (/health: 5 of 5 requests were answered)."
    assert [(c["met"], c["detail"]) for c in warm] == [(True, answered)] * 2


@needs_sdk
@pytest.mark.long
def test_a_level_that_is_not_met_is_found_before_a_disaster(tmp_path: Path) -> None:
    folder = tmp_path / "orders-node"
    shutil.copytree(EXAMPLES / "orders-node", folder)
    declared = folder / "pilotlight.toml"
    declared.write_text(declared.read_text().replace("level = 0", "level = 1"))
    drill = drills.run(tmp_path / "reports", "--app", str(folder))
    assert drill.exit_code == 1
    failed = {c["name"]: c["detail"] for c in drill.failed}
    assert "The passive Region took a write" in failed["conforms to its contract"]
    assert "rehearsed" in failed, "level 1 is not met, and the rehearsal says so"
